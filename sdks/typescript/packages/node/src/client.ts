// The client: every operation of the API, local answers about sessions, and the login.
// Owns what is shown to the server. Knows no web framework.

import {
  type Access,
  type CallOptions,
  type LoginOptions,
  type LoginStart,
  type Operation,
  call,
  startLogin,
} from "@vestibule-sso/core";

import { type Methods, methods } from "./api/methods.js";
import type { Credentials } from "./credentials.js";
import { kindOf } from "./kinds.js";
import type { Session } from "./session_jwt.js";
import { Verification, type VerifyOptions } from "./verification.js";

export const VERSION = "0.1.0";

export interface ClientOptions {
  /** Milliseconds for each request; 10,000 if not given. */
  timeout?: number;
  /** How often a call is made again where that is safe; 2 if not given. */
  retries?: number;
  /** A `fetch` of your own. */
  fetch?: typeof globalThis.fetch;
}

// Failures of the connection itself, by the names that Node and its fetch give them.
const UNSENT = new Set([
  "ECONNREFUSED",
  "EAI_AGAIN",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export interface Vestibule extends Methods {}

/** Make one for the whole program. */
export class Vestibule {
  readonly credentials: Credentials;
  readonly verification: Verification;
  readonly #access: Access;

  constructor(credentials: Credentials, options: ClientOptions = {}) {
    this.credentials = { ...credentials, baseUrl: credentials.baseUrl.replace(/\/+$/, "") };
    // Whoever prints a client or its credentials does not print what is secret.
    for (const name of ["secret", "workspaceKey"] as const)
      Object.defineProperty(this.credentials, name, { enumerable: false });
    this.#access = {
      baseUrl: this.credentials.baseUrl,
      retries: options.retries ?? 2,
      timeout: options.timeout ?? 10_000,
      fetch: options.fetch ?? globalThis.fetch,
      unsent,
      kindOf,
    };
    this.verification = new Verification(this.#access, credentials.projectId, this.call);
    Object.assign(this, methods(this.call));
  }

  /** Make one call by its row in the table of operations; the methods do that. */
  readonly call = <Params, Answer>(
    operation: Operation<Params, Answer>,
    params: Params,
    options: CallOptions = {},
  ): Promise<Answer> =>
    call(this.#access, operation, params, this.#headers(operation, options), options.signal);

  #headers(
    { auth, keyed }: Operation<never, unknown>,
    { asMember, idempotencyKey }: CallOptions,
  ): Record<string, string> {
    const headers: Record<string, string> = {
      accept: "application/json",
      "user-agent": `vestibule-sdk-node/${VERSION}`,
    };
    const { projectId, secret, workspaceKey } = this.credentials;
    if (auth !== "none") {
      const key = auth === "workspace" ? workspaceKey : undefined;
      const pair = key ? `${key.id}:${key.secret}` : `${projectId}:${secret}`;
      headers["authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
    }
    if (asMember) {
      // Without a header the call would have the full power of the secret.
      if (!asMember.sessionToken && !asMember.sessionJwt)
        throw new TypeError("asMember needs a session token or a session JWT");
      if (asMember.sessionToken) headers["x-stytch-member-session"] = asMember.sessionToken;
      if (asMember.sessionJwt) headers["x-stytch-member-sessionjwt"] = asMember.sessionJwt;
    }
    const key = idempotencyKey ?? (keyed ? crypto.randomUUID() : undefined);
    if (key !== undefined) headers["idempotency-key"] = quoted(key);
    return headers;
  }

  /**
   * The session that a JWT tells of, verified here.
   *
   * Throws `SessionInvalid`, of its kinds `SessionJwtExpired` and `KeyUnknown`; `NoAnswer` when keys
   * are needed and the server is out of reach; `NotFound` when it was asked and the session has
   * ended.
   */
  verifySession(sessionJwt: string, options?: VerifyOptions): Promise<Session> {
    return this.verification.verify(sessionJwt, options);
  }

  /**
   * The session's roles that grant the action, by the cached policy (wire §7.5).
   *
   * Throws `Forbidden` where none does, or the session is of another organization.
   */
  requirePermission(
    session: Session,
    resourceId: string,
    action: string,
    options?: { organizationId?: string },
  ): Promise<string[]> {
    return this.verification.require(session, resourceId, action, options?.organizationId);
  }

  /** Begin a login: the URL for the browser and the verifier for `sso.authenticate`. Asks nobody. */
  async startLogin(options: LoginOptions): Promise<LoginStart> {
    const { baseUrl, publicToken } = this.credentials;
    if (!publicToken) throw new TypeError("beginning a login needs the project's public token");
    return startLogin(baseUrl, publicToken, options);
  }
}

/** As the header wants it: a string of RFC 8941 §3.3.3. */
function quoted(key: string): string {
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw new TypeError("an idempotency key has 1 to 255 printable ASCII characters");
  return `"${key.replace(/["\\]/g, "\\$&")}"`;
}

function unsent(failure: unknown): boolean {
  const cause = failure instanceof Error ? failure.cause : undefined;
  const each = cause instanceof AggregateError ? cause.errors : [cause];
  return each.every(
    (one: unknown) => one instanceof Error && "code" in one && UNSENT.has(String(one.code)),
  );
}
