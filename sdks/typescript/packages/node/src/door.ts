// The door of a web application: who is at it, and the four paths by which people come and go.
//
// `{prefix}/login`, `/callback`, `/switch` and `/logout` are answered here; every other request gets
// the session that its cookies or its bearer token prove. Owns the cookies. Knows no framework: it
// reads a `Visit` and gives back a `Reply` or a `Found`; `http.ts` carries both.

import {
  ApiError,
  InvalidRequest,
  NotFound,
  ServerError,
  TooManyRequests,
  Unauthenticated,
  UpstreamError,
} from "@vestibule-sso/core";

import type { Vestibule } from "./client.js";
import { type Session, SessionInvalid } from "./session_jwt.js";

const LOGIN_SECONDS = 600;
// Browsers drop a cookie beyond 4096 bytes; without it the server is asked at every request.
const JWT_COOKIE_LIMIT = 3800;
const NEXT_LIMIT = 1000; // it stands in a cookie for the time of a login
const OPAQUE = "insufficient_factors_for_session_exchange";

/** What a request shows. Names of headers in lower case. */
export interface Visit {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly scheme: string;
}

/** An answer that the application never sees: a redirect, or a sentence. */
export interface Reply {
  readonly status: number;
  readonly location?: string;
  readonly text?: string;
  readonly cookies?: readonly string[];
}

/** Who is here, if anybody, and the cookies to set on the application's own answer. */
export interface Found {
  readonly session: Session | undefined;
  readonly cookies?: readonly string[];
}

export interface DoorOptions {
  /** Of the four paths; "/auth" if not given. */
  prefix?: string;
  /** Where people go who asked for nothing else; "/" if not given. */
  home?: string;
  /** The page with the choice of organizations; who has no session is sent there from a page that
   * needs one. Without it the answer is 401. */
  signIn?: string;
  /** As registered with the project; made from the request where it is not given. */
  callbackUrl?: string;
  /** Whether cookies are for https alone. If not given, the scheme of the request decides, which
   * behind a proxy is the proxy's choice: say true there. */
  secure?: boolean;
  /** How long a session lasts from the login. */
  sessionMinutes?: number;
}

type Kind = "login" | "session" | "jwt";

export class Door {
  readonly #client: Vestibule;
  readonly #prefix: string;
  readonly #home: string;
  readonly #options: DoorOptions;

  constructor(client: Vestibule, options: DoorOptions = {}) {
    this.#client = client;
    this.#options = options;
    this.#prefix = options.prefix ?? "/auth";
    this.#home = options.home ?? "/";
  }

  /** What to do with a request. */
  async answer(visit: Visit): Promise<Reply | Found> {
    const { method, path } = visit;
    const page = path.startsWith(this.#prefix) ? path.slice(this.#prefix.length) : "";
    if (page === "/login" && method === "GET") return this.#login(visit);
    if (page === "/callback" && method === "GET") return this.#callback(visit);
    if (page === "/switch" || page === "/logout") {
      if (method !== "POST") return { status: 405, text: "This path is for POST." };
      if (!fromOwnPage(visit)) return { status: 403, text: "Another site asked for this." };
      return page === "/switch" ? this.#switch(visit) : this.#logout(visit);
    }
    return this.#find(visit);
  }

  // --- who is here --------------------------------------------------------------------------------

  async #find(visit: Visit): Promise<Found> {
    const verification = this.#client.verification;
    const [scheme = "", ...bearer] = (visit.headers["authorization"] ?? "").split(" ");
    // A program shows it, and looks after its own fresh ones.
    if (scheme.toLowerCase() === "bearer")
      return { session: await believed(verification.verify(bearer.join(" "))) };
    const jwt = this.#cookieOf(visit, "jwt");
    const session = jwt ? await believed(verification.verify(jwt)) : undefined;
    if (session) return { session };
    const token = this.#cookieOf(visit, "session");
    if (!token) return { session: undefined };
    try {
      const fresh = await verification.ask({ session_token: token });
      return { session: fresh.session, cookies: this.#keepJwt(visit, fresh.sessionJwt) };
    } catch (error) {
      if (!ended(error)) throw error;
      return { session: undefined, cookies: this.#forget(visit) };
    }
  }

  // --- coming and going ---------------------------------------------------------------------------

  async #login(visit: Visit): Promise<Reply> {
    const [organization, connection] = ["organization", "connection"].map((name) =>
      visit.query.get(name),
    );
    if (!organization === !connection)
      return { status: 400, text: "Say which organization or which connection." };
    const back =
      this.#options.callbackUrl ??
      `${visit.scheme}://${visit.headers["host"]}${this.#prefix}/callback`;
    const start = await this.#client.startLogin({
      organization_id: organization || undefined,
      connection_id: connection || undefined,
      login_redirect_url: back,
      signup_redirect_url: back,
    });
    const kept = `${start.codeVerifier}.${encodeURIComponent(this.#next(visit))}`;
    const cookie = this.#cookie(visit, "login", kept, LOGIN_SECONDS);
    return { status: 303, location: start.url, cookies: [cookie] };
  }

  /**
   * Where Vestibule sends people back to, with a token that works once.
   *
   * The verifier is known to the browser that began alone: a link with somebody else's token, which
   * would sign the visitor in as that person, is refused.
   */
  async #callback(visit: Visit): Promise<Reply> {
    const [verifier, following = ""] = this.#cookieOf(visit, "login").split(".");
    if (!verifier)
      return {
        status: 400,
        text: "This sign-in was not started in this browser. Start it again.",
      };
    try {
      const done = await this.#client.sso.authenticate({
        sso_token: visit.query.get("token") ?? "",
        pkce_code_verifier: verifier,
        session_duration_minutes: this.#options.sessionMinutes,
      });
      if (!done.member_authenticated)
        return {
          status: 403,
          text: "This organization asks for a further step, not offered here.",
        };
      const cookies = this.#keep(visit, done.session_token, done.session_jwt);
      const forgotten = this.#cookie(visit, "login", "", 0);
      return {
        status: 303,
        location: ownPath(decoded(following), this.#home),
        cookies: [...cookies, forgotten],
      };
    } catch (error) {
      return told(error);
    }
  }

  /** To another organization with the session at hand; where that does not suffice, by a login,
   * which is a redirect nobody notices with a session at the identity provider. */
  async #switch(visit: Visit): Promise<Reply> {
    const organization = visit.query.get("organization");
    const token = this.#cookieOf(visit, "session");
    if (!organization || !token)
      return { status: 400, text: "Sign in first, and say which organization." };
    try {
      const done = await this.#client.sessions.exchange({
        organization_id: organization,
        session_token: token,
      });
      if (done.member_authenticated) {
        const cookies = this.#keep(visit, done.session_token, done.session_jwt);
        return { status: 303, location: this.#next(visit), cookies };
      }
    } catch (error) {
      if (error instanceof ApiError && error.errorType === "session_not_found") {
        const location = this.#options.signIn || this.#home;
        return { status: 303, location, cookies: this.#forget(visit) };
      }
      if (!(error instanceof ApiError) || error.errorType !== OPAQUE) return told(error);
    }
    const connection = visit.query.get("connection");
    const way = connection ? { connection } : { organization };
    const query = new URLSearchParams({ ...way, next: this.#next(visit) });
    return { status: 303, location: `${this.#prefix}/login?${query}` };
  }

  async #logout(visit: Visit): Promise<Reply> {
    const token = this.#cookieOf(visit, "session");
    try {
      if (token) await this.#client.sessions.revoke({ session_token: token });
    } catch (error) {
      if (!ended(error)) throw error;
    }
    return { status: 303, location: this.#home, cookies: this.#forget(visit) };
  }

  /** Where to send somebody without a session, or undefined to answer 401. */
  wayIn(visit: Visit): string | undefined {
    if (!this.#options.signIn || visit.method !== "GET") return undefined;
    const query = visit.query.size ? `?${visit.query}` : "";
    const next = new URLSearchParams({ next: `${encodeURI(visit.path)}${query}` });
    return `${this.#options.signIn}?${next}`;
  }

  // --- cookies ------------------------------------------------------------------------------------

  #name(visit: Visit, kind: Kind): string {
    // The prefix keeps a neighbouring subdomain from setting it for us.
    return `${this.#secure(visit) ? "__Host-" : ""}vestibule_${kind}`;
  }

  #secure(visit: Visit): boolean {
    return this.#options.secure ?? visit.scheme === "https";
  }

  #cookieOf(visit: Visit, kind: Kind): string {
    const wanted = this.#name(visit, kind);
    for (const pair of (visit.headers["cookie"] ?? "").split(";")) {
      const [name, ...value] = pair.trim().split("=");
      if (name === wanted) return value.join("=");
    }
    return "";
  }

  #cookie(visit: Visit, kind: Kind, value: string, seconds?: number): string {
    const parts = [`${this.#name(visit, kind)}=${value}`, "Path=/", "HttpOnly", "SameSite=Lax"];
    if (this.#secure(visit)) parts.push("Secure");
    if (seconds !== undefined) parts.push(`Max-Age=${seconds}`);
    return parts.join("; ");
  }

  #keep(visit: Visit, token: string, jwt: string): string[] {
    return [this.#cookie(visit, "session", token), ...this.#keepJwt(visit, jwt)];
  }

  #keepJwt(visit: Visit, jwt: string): string[] {
    const fits = jwt.length <= JWT_COOKIE_LIMIT;
    return [fits ? this.#cookie(visit, "jwt", jwt) : this.#cookie(visit, "jwt", "", 0)];
  }

  #forget(visit: Visit): string[] {
    return [this.#cookie(visit, "session", "", 0), this.#cookie(visit, "jwt", "", 0)];
  }

  #next(visit: Visit): string {
    return ownPath(visit.query.get("next") ?? "", this.#home);
  }
}

/** What changes something is asked for by our own pages, whatever cookies came along. */
function fromOwnPage({ headers }: Visit): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = headers["origin"];
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === headers["host"];
}

/** A path of this site. "//host" and "/\host" are other sites to a browser. */
function ownPath(asked: string, otherwise: string): string {
  const own = /^\/(?!\/)[\x20-\x7e]*$/.test(asked) && !asked.includes("\\");
  return own && asked.length <= NEXT_LIMIT ? asked : otherwise;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return "";
  }
}

async function believed(verified: Promise<Session>): Promise<Session | undefined> {
  try {
    return await verified;
  } catch (reason) {
    if (reason instanceof SessionInvalid) return undefined;
    throw reason;
  }
}

/** The visitor is told what they can act upon. What is wrong with us or with the server is for the
 * log of the application: it goes on as an error. */
function told(error: unknown): Reply {
  const ours = [Unauthenticated, ServerError, UpstreamError, TooManyRequests];
  if (!(error instanceof ApiError) || ours.some((kind) => error instanceof kind)) throw error;
  return { status: 400, text: `${error.message} ${error.remedy} (${error.requestId})` };
}

/** Whether a session is no more, or never was one; a failure of our own is not that. */
function ended(error: unknown): boolean {
  const gone = error instanceof NotFound || error instanceof InvalidRequest;
  return gone && !(error instanceof TooManyRequests);
}
