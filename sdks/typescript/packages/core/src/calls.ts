// A call of the API: how it is written, when it is made again, how it is read.
// Knows `fetch` and nothing of who calls: the headers and the kinds of errors come from the client.

import {
  NoAnswer,
  UnreadableAnswer,
  VestibuleError,
  kindOfStatus,
  readError,
  readObject,
  readRetryAfter,
} from "./errors.js";

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;
// Who is told to stay away for longer than this hears of it at once.
const LONGEST_RETRY_AFTER = 10;
const PASSING = new Set([409, 502, 503, 504]);

/** Parameters of a call that has none. */
export type Empty = Record<never, never>;

/** How one operation goes over the wire. What goes in and what comes out are types alone. */
export interface Operation<Params, Answer> {
  readonly method: string;
  readonly path: string;
  readonly id?: string;
  readonly auth?: string;
  /** It changes something, so a backend's call carries a key by which the server does it once,
   * however often it arrives. */
  readonly keyed?: boolean;
  /** Twice does what once does. If absent: GET, PUT and DELETE are, POST is not. */
  readonly repeatable?: boolean;
  readonly _types?: (params: Params) => Answer;
}

/** Make a call on behalf of a member: the server asks what their roles allow. */
export interface AsMember {
  sessionToken?: string;
  sessionJwt?: string;
}

export interface CallOptions {
  /** Backend API: on behalf of a member. */
  asMember?: AsMember;
  /** Backend API: one for what you want done, kept beyond this call. Without it a call that changes
   * something gets a random one of its own. */
  idempotencyKey?: string;
  /** Gives the call up. */
  signal?: AbortSignal;
}

export type Caller = <Params, Answer>(
  operation: Operation<Params, Answer>,
  params: Params,
  options?: CallOptions,
) => Promise<Answer>;

/** The method of an operation; who has nothing to say need not say it. */
export type MethodOf<O> =
  O extends Operation<infer Params, infer Answer>
    ? Empty extends Params
      ? (params?: Params, options?: CallOptions) => Promise<Answer>
      : (params: Params, options?: CallOptions) => Promise<Answer>
    : never;

/** Makes methods of operations. */
export function bind(caller: Caller) {
  return <Params, Answer>(
    operation: Operation<Params, Answer>,
  ): MethodOf<Operation<Params, Answer>> =>
    ((params?: Params, options?: CallOptions) =>
      caller(operation, params ?? ({} as Params), options)) as MethodOf<
      Operation<Params, Answer>
    >;
}

/** Where the server is and how it is asked. */
export interface Access {
  readonly baseUrl: string;
  /** How often a call is made again where that is safe. */
  readonly retries: number;
  /** Milliseconds for each request. */
  readonly timeout: number;
  readonly fetch: typeof globalThis.fetch;
  /** Whether a failure of `fetch` came before anything was sent. */
  readonly unsent?: (failure: unknown) => boolean;
  readonly kindOf?: typeof kindOfStatus;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Make the call, and again where that is safe.
 *
 * Throws an `ApiError` in the class of its kind, `NoAnswer`, `UnreadableAnswer`, or a `TypeError`
 * when an id cannot stand in a path.
 */
export async function call<Params, Answer>(
  access: Access,
  operation: Operation<Params, Answer>,
  params: Params,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<Answer> {
  const request = buildRequest(access.baseUrl, operation, params, headers);
  const repeatable =
    "idempotency-key" in headers || (operation.repeatable ?? operation.method !== "POST");
  const answer = await send(access, request, repeatable, signal);
  if (answer.status < 200 || answer.status > 299) throw refused(access, answer);
  const told = readObject(answer.body);
  if (!told) throw new UnreadableAnswer("no JSON object", answer.status, answer.body);
  return told as Answer;
}

export function refused(access: Access, answer: Answered): VestibuleError {
  return readError(answer.status, answer.headers, answer.body, access.kindOf ?? kindOfStatus);
}

export interface Requested {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** The request of a call: what the path has no place for goes into the query or the body. What is
 * null or undefined is not sent. */
export function buildRequest<Params>(
  baseUrl: string,
  operation: Operation<Params, unknown>,
  params: Params,
  headers: Record<string, string>,
): Requested {
  const left = { ...params } as Record<string, unknown>;
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = left[name];
    delete left[name];
    return segment(name, value);
  });
  for (const [name, value] of Object.entries(left)) if (value == null) delete left[name];
  let url = baseUrl + path;
  if (operation.method === "POST" || operation.method === "PUT") {
    headers = { ...headers, "content-type": "application/json" };
    return { method: operation.method, url, headers, body: JSON.stringify(left) };
  }
  const asked = new URLSearchParams(left as Record<string, string>).toString();
  if (asked) url += `?${asked}`;
  return { method: operation.method, url, headers };
}

function segment(name: string, value: unknown): string {
  // "." and ".." mean another path to everything that normalizes URLs on the way.
  if (typeof value !== "string" || ["", ".", ".."].includes(value))
    throw new TypeError(`${name} cannot be ${JSON.stringify(value) ?? "left out"}`);
  return encodeURIComponent(value);
}

/**
 * Send, and send again where nothing can have happened twice.
 *
 * A request that did not leave is sent again, whatever it is; so is one that the server refused
 * unread (429). Where the outcome is unknown or the server stumbled, only what is repeatable: what
 * does the same twice, or carries its key.
 * The waits grow and are random, so that those who failed together do not come back together.
 */
export async function send(
  access: Access,
  request: Requested,
  repeatable: boolean,
  signal?: AbortSignal,
): Promise<Answered> {
  for (let attempt = 0; ; attempt++) {
    const last = attempt >= access.retries;
    let wait = Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
    try {
      const answer = await sendOnce(access, request, signal);
      const asked = readRetryAfter(answer.headers) ?? 0;
      const again = answer.status === 429 || (repeatable && PASSING.has(answer.status));
      if (last || !again || asked > LONGEST_RETRY_AFTER) return answer;
      wait += asked * 1000;
    } catch (failure) {
      if (!(failure instanceof NoAnswer) || last || (failure.sent && !repeatable)) throw failure;
    }
    await pause(wait, signal);
  }
}

async function sendOnce(
  access: Access,
  { url, ...rest }: Requested,
  signal?: AbortSignal,
): Promise<Answered> {
  const limit = AbortSignal.timeout(access.timeout);
  try {
    const answer = await (0, access.fetch)(url, {
      ...rest,
      redirect: "error",
      credentials: "omit",
      cache: "no-store",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  } catch (failure) {
    signal?.throwIfAborted();
    const sent = !access.unsent?.(failure);
    throw new NoAnswer(`no answer: ${String(failure)}`, sent, { cause: failure });
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
