// What can go wrong, as classes: one for each kind of refusal of the server, and those of our own.
// Owns the errors and how an answer of the server becomes one. Does not know how it came.

const SHOWN = 200; // characters of an answer that nobody could read

/** The root of everything that these packages throw on purpose. */
export class VestibuleError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The server was not reached, or it did not answer in time. */
export class NoAnswer extends VestibuleError {
  constructor(
    message: string,
    /** Whether the request may have arrived. If not, nothing can have happened. */
    readonly sent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Something answered, and it was not what a Vestibule server says. */
export class UnreadableAnswer extends VestibuleError {
  constructor(
    message: string,
    readonly status: number,
    body: string,
  ) {
    super(`${message} (status ${status}): ${body.slice(0, SHOWN)}`);
  }
}

/** What an `ApiError` is made of. */
export interface Refusal {
  /** The stable name of the cause, as the list of errors has it. */
  code: string;
  /** The name of the same cause on the wire; several codes can share one. */
  errorType?: string;
  /** A sentence on what is the matter. */
  message: string;
  /** Of HTTP. */
  status: number;
  /** By which the server's log finds the call. */
  requestId?: string;
  /** Where the cause is described. */
  errorUrl?: string;
  /** All that came in `error_details`. */
  details?: Readonly<Record<string, unknown>>;
  /** Seconds after which the same call may be made again. */
  retryAfter?: number | undefined;
}

/** The server refused. The subclasses say who can act. */
export class ApiError extends VestibuleError {
  readonly code: string;
  readonly errorType: string;
  readonly status: number;
  readonly requestId: string;
  readonly errorUrl: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfter: number | undefined;
  /** What to do, or "". */
  readonly remedy: string;
  /** What the rule asks for, or "" where nothing was compared. */
  readonly want: string;
  /** What came instead, or "". */
  readonly got: string;
  /** Of the login that ended, or "". */
  readonly traceId: string;

  constructor(refusal: Refusal) {
    super(refusal.message);
    const details = refusal.details ?? {};
    this.code = refusal.code;
    this.errorType = refusal.errorType ?? refusal.code;
    this.status = refusal.status;
    this.requestId = refusal.requestId ?? "";
    this.errorUrl = refusal.errorUrl ?? "";
    this.retryAfter = refusal.retryAfter;
    this.details = details;
    this.remedy = text(details, "remedy");
    this.want = text(details, "want");
    this.got = text(details, "got");
    this.traceId = text(details, "trace_id");
  }

  override toString(): string {
    const said = [`${this.code}: ${this.message}`];
    if (this.want) said.push(`Wanted ${this.want}, got ${this.got || "nothing"}.`);
    if (this.remedy) said.push(this.remedy);
    if (this.requestId) said.push(`(${this.requestId})`);
    return said.join(" ");
  }
}

/** The identity provider sent something that its standard forbids: its administrator acts. */
export class ProtocolError extends ApiError {}
/** A SAML message was refused. */
export class SamlError extends ProtocolError {}
/** An OpenID Connect answer or token was refused. */
export class OidcError extends ProtocolError {}
/** Somebody else's server did not answer as it should; trying later may help. */
export class UpstreamError extends ApiError {}
/** A setting stands in the way: the customer's administrator acts. */
export class Misconfigured extends ApiError {}
/** The call cannot be acted upon: the developer acts. */
export class InvalidRequest extends ApiError {}
/** The server does not know who is calling, or no longer. */
export class Unauthenticated extends ApiError {}
/** It knows who is calling, and they may not do this. */
export class Forbidden extends ApiError {}
/** There is no such thing where the caller may look. */
export class NotFound extends ApiError {}
/** It collides with something that exists. */
export class Conflict extends ApiError {}
/** Too many calls; `retryAfter` says when to come back. */
export class TooManyRequests extends InvalidRequest {}
/** The server failed; its log knows the request id. */
export class ServerError extends ApiError {}

export type ApiErrorClass = new (refusal: Refusal) => ApiError;

/** The class for a status. The code is finer: the Node package knows the kind of each. */
export function kindOfStatus(_code: string, status: number): ApiErrorClass {
  if (status === 429) return TooManyRequests;
  if (status === 502) return UpstreamError;
  if (status >= 500) return ServerError;
  if (status === 401) return Unauthenticated;
  if (status === 403) return Forbidden;
  if (status === 404) return NotFound;
  return status === 409 ? Conflict : InvalidRequest;
}

/** The error for an answer that is no success. */
export function readError(
  status: number,
  headers: Headers,
  body: string,
  kindOf: typeof kindOfStatus,
): VestibuleError {
  const told = readObject(body);
  const errorType = told && text(told, "error_type");
  if (!told || !errorType) return new UnreadableAnswer("no error of Vestibule", status, body);
  const details = isObject(told["error_details"]) ? told["error_details"] : {};
  const code = text(details, "code") || errorType;
  return new (kindOf(code, status))({
    code,
    errorType,
    message: text(told, "error_message"),
    status,
    requestId: text(told, "request_id"),
    errorUrl: text(told, "error_url"),
    details,
    retryAfter: readRetryAfter(headers),
  });
}

/** Seconds, as the server says them; a date is not read. */
export function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get("retry-after") ?? "";
  return /^\d+$/.test(value) ? Number(value) : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A JSON object, or undefined. */
export function readObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function text(source: Readonly<Record<string, unknown>>, name: string): string {
  const value = source[name];
  return typeof value === "string" ? value : "";
}
