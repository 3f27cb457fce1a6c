// Who is signed in on this page: the login, the session, and that it stays fresh.
// Owns the state, its timer and what is shown to the server. Knows no operation beyond those of the
// login and the session, and nothing of how a page looks.

import {
  type Access,
  ApiError,
  type CallOptions,
  type LoginOptions,
  type Operation,
  UnreadableAnswer,
  VestibuleError,
  call,
  grantingRoles,
  isObject,
  type models,
  startLogin,
} from "@vestibule-sso/core";

import * as o from "./api/operations.js";
import { type Store, cookieStore } from "./storage.js";

// A JWT is renewed so long before its end, or at half its time, and not more often than that.
const BEFORE_END = 60_000;
const AT_LEAST = 5_000;
const AFTER_FAILURE = 30_000;
const POLICY_MAX_AGE = 300_000;
// The verifier of a login stays in the tab that began it.
const LOGIN_KEY = "vestibule_login";

export interface PageOptions {
  /** Where the server is. */
  baseUrl: string;
  /** Of the project; not secret. */
  publicToken: string;
  /** How long a session lasts from the login; the project's own length if not given. */
  sessionMinutes?: number;
  /** Whether each renewal of the JWT lets the session last as long again, while the page is open. */
  extend?: boolean;
  /** Where the session is kept; cookies if not given. */
  store?: Store;
  /** Milliseconds for each request; 10,000 if not given. */
  timeout?: number;
  /** How often a call is made again where that is safe; 2 if not given. */
  retries?: number;
}

export interface SignedIn {
  readonly status: "signed-in";
  readonly session: models.MemberSession;
  readonly member: models.Member;
  readonly organization: models.Organization;
}

export type State =
  | { readonly status: "loading" }
  /** `error` is why the login that just came back let nobody in. */
  | { readonly status: "signed-out"; readonly error?: unknown }
  | SignedIn;

/** What the server says when somebody has signed in. */
interface Entered {
  session_token: string;
  session_jwt: string;
  member_session: models.MemberSession;
  member: models.Member;
  organization: models.Organization;
}

export class Page {
  readonly options: PageOptions;
  readonly #access: Access;
  readonly #listeners = new Set<() => void>();

  #state: State = { status: "loading" };
  #store: Store | undefined;
  #started: Promise<State> | undefined;
  #token: string | null = null;
  #jwt = "";
  #renewal: { token: string | null; done: Promise<void> } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Infinity;
  #policy: { until: number; roles: Promise<models.RoleDocument[]> } | undefined;

  constructor(options: PageOptions) {
    this.options = options;
    this.#access = {
      baseUrl: options.baseUrl.replace(/\/+$/, ""),
      retries: options.retries ?? 2,
      timeout: options.timeout ?? 10_000,
      fetch: globalThis.fetch,
    };
  }

  // --- state --------------------------------------------------------------------------------------

  /** Who is signed in now. The object is another one when something has changed. */
  get state(): State {
    return this.#state;
  }

  /** Calls `listener` after each change; what comes back ends that. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /**
   * Begin: finish the login that led to this page, or carry on with the session that is kept.
   *
   * Called twice, it does it once. It never rejects: what went wrong stands in the state.
   */
  start(): Promise<State> {
    return (this.#started ??= this.#start());
  }

  async #start(): Promise<State> {
    document.addEventListener("visibilitychange", () => void this.#look());
    addEventListener("online", () => void this.#look());
    let error: unknown;
    try {
      if (await this.finishLogin()) return this.#state;
    } catch (reason) {
      error = reason;
    }
    await this.#resume(error);
    return this.#state;
  }

  /** Somebody came back to the page, or the network did: meanwhile timers slept, and another tab may
   * have signed in or out. */
  async #look(): Promise<void> {
    const { status } = this.#state;
    if (document.visibilityState === "hidden" || status === "loading") return;
    if (this.#kept.get("session") !== this.#token) await this.#resume();
    else if (this.#token && (status === "signed-out" || Date.now() >= this.#due))
      await this.refresh().catch(() => {});
  }

  get #kept(): Store {
    return (this.#store ??= this.options.store ?? cookieStore());
  }

  /** Go on with what is kept. Where the server is out of reach nobody counts as signed in, and it is
   * asked again. */
  async #resume(error?: unknown): Promise<void> {
    this.#token = this.#kept.get("session");
    try {
      if (this.#token) await this.refresh();
      else this.#leave(error);
    } catch (reason) {
      this.#change({ status: "signed-out", error: reason });
    }
  }

  #enter(told: Entered): void {
    this.#token = told.session_token;
    this.#jwt = told.session_jwt;
    this.#kept.set("session", this.#token);
    this.#kept.set("jwt", this.#jwt);
    const { member_session: session, member, organization } = told;
    const lasts = lifetime(this.#jwt);
    this.#wake(Math.max(AT_LEAST, lasts / 2, lasts - BEFORE_END));
    this.#change({ status: "signed-in", session, member, organization });
  }

  #leave(error?: unknown): void {
    this.#token = null;
    this.#jwt = "";
    for (const name of ["session", "jwt"]) this.#kept.remove(name);
    clearTimeout(this.#timer);
    this.#due = Infinity;
    this.#change(error === undefined ? { status: "signed-out" } : { status: "signed-out", error });
  }

  #change(state: State): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }

  // --- the session stays fresh --------------------------------------------------------------------

  #wake(wait: number): void {
    clearTimeout(this.#timer);
    this.#due = Date.now() + wait;
    this.#timer = setTimeout(() => void this.refresh().catch(() => {}), wait);
  }

  /** Ask for a fresh JWT, member and organization; it happens by itself. Who asks while another asks
   * gets the same answer. That the session has ended is no failure: the state says so. */
  refresh(): Promise<void> {
    const token = this.#token;
    if (this.#renewal?.token !== token)
      this.#renewal = {
        token,
        done: this.#renew(token).finally(() => {
          if (this.#renewal?.token === token) this.#renewal = undefined;
        }),
      };
    return this.#renewal!.done;
  }

  async #renew(token: string | null): Promise<void> {
    const { extend, sessionMinutes } = this.options;
    try {
      await this.call(o.sessionAuthenticate, {
        session_duration_minutes: extend ? sessionMinutes : undefined,
      });
    } catch (error) {
      if (token !== this.#token) return;
      if (token) this.#wake(AFTER_FAILURE);
      throw error;
    }
  }

  /** A fresh session JWT, for calls of your own backend; undefined when nobody is signed in. */
  async sessionJwt(): Promise<string | undefined> {
    if (this.#token && Date.now() >= this.#due) await this.refresh();
    return this.#jwt || undefined;
  }

  // --- coming and going ---------------------------------------------------------------------------

  /** The address of a login; the end of it must come back to this tab. */
  async startLogin(options: LoginOptions): Promise<string> {
    const here = location.origin + location.pathname;
    const start = await startLogin(this.#access.baseUrl, this.options.publicToken, {
      login_redirect_url: here,
      signup_redirect_url: options.login_redirect_url ?? here,
      ...options,
    });
    sessionStorage.setItem(LOGIN_KEY, start.codeVerifier);
    return start.url;
  }

  /** Send the browser to the identity provider; it comes back to this page, if you give no other
   * redirect URL, and `start` does the rest. */
  async login(options: LoginOptions): Promise<void> {
    location.assign(await this.startLogin(options));
  }

  /**
   * Exchange the token in the page's address, and take it out of there. Undefined when there is none.
   *
   * A token of a login that was not begun in this tab is refused: it would sign the visitor in as
   * whoever sent the link.
   */
  async finishLogin(): Promise<models.AuthenticatedResponse | undefined> {
    const url = new URL(location.href);
    const token = url.searchParams.get("token");
    if (!token || url.searchParams.get("stytch_token_type") !== "sso") return undefined;
    for (const name of ["token", "stytch_token_type"]) url.searchParams.delete(name);
    history.replaceState(history.state, "", url);
    const verifier = sessionStorage.getItem(LOGIN_KEY);
    sessionStorage.removeItem(LOGIN_KEY);
    if (!verifier) throw new VestibuleError("This sign-in was not started in this tab.");
    const params = {
      sso_token: token,
      pkce_code_verifier: verifier,
      session_duration_minutes: this.options.sessionMinutes,
    };
    // A session of its own: one that is kept may have ended, or be of another organization.
    const done = await this.#call(o.ssoAuthenticate, params, null);
    if (!done.member_authenticated)
      throw new VestibuleError("This organization asks for a further step, not offered here.");
    return done;
  }

  /**
   * To another organization with the session at hand. Where that does not suffice, by a login, which
   * nobody notices who has a session at the identity provider; `connection_id` says by which way.
   */
  async switchOrganization({ organization_id, connection_id, ...rest }: LoginOptions): Promise<void> {
    const { sessionMinutes: session_duration_minutes } = this.options;
    try {
      const params = { organization_id: organization_id ?? "", session_duration_minutes };
      if ((await this.call(o.sessionExchange, params)).member_authenticated) return;
    } catch (error) {
      const opaque = "insufficient_factors_for_session_exchange";
      if (!(error instanceof ApiError) || error.errorType !== opaque) throw error;
    }
    await this.login(connection_id ? { connection_id, ...rest } : { organization_id, ...rest });
  }

  /** End the session, here and at the server. */
  async signOut(): Promise<void> {
    try {
      if (this.#token) await this.call(o.sessionRevoke, {});
    } catch (error) {
      if (this.#token) throw error;
    }
    this.#leave();
  }

  // --- calls --------------------------------------------------------------------------------------

  /** Make one call by its row in `operations`; the methods do that. */
  readonly call = <Params, Answer>(
    operation: Operation<Params, Answer>,
    params: Params,
    { signal }: CallOptions = {},
  ): Promise<Answer> => this.#call(operation, params, this.#token, signal);

  async #call<Params, Answer>(
    operation: Operation<Params, Answer>,
    params: Params,
    token: string | null,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const { publicToken } = this.options;
    const authorization = `Basic ${btoa(`${publicToken}:${token ?? publicToken}`)}`;
    try {
      const answer = await call(this.#access, operation, params, { authorization }, signal);
      const { data } = answer as { data: Answer };
      if (!isObject(data)) throw new UnreadableAnswer("no data in it", 200, "");
      // What came of a session that is no longer the page's does not bring it back.
      if (isEntered(data) && (token === this.#token || data.session_token !== token))
        this.#enter(data);
      return data;
    } catch (error) {
      if (error instanceof ApiError && error.errorType === "session_not_found")
        if (token && token === this.#token) this.#leave();
      throw error;
    }
  }

  /** Whether the roles of the session grant the action, by the project's policy (wire §7.5): for what
   * to show. The server decides each call by itself. */
  async can(resourceId: string, action: string): Promise<boolean> {
    const roles = await this.#roles();
    const state = this.#state;
    if (state.status !== "signed-in") return false;
    return grantingRoles(state.session.roles, resourceId, action, roles).length > 0;
  }

  #roles(): Promise<models.RoleDocument[]> {
    if (!this.#policy || Date.now() >= this.#policy.until) {
      const asked = this.call(o.bootstrap, { public_token: this.options.publicToken });
      const roles = asked.then(({ rbac_policy }) => rbac_policy.roles ?? []);
      this.#policy = { until: Date.now() + POLICY_MAX_AGE, roles };
      roles.catch(() => (this.#policy = undefined));
    }
    return this.#policy.roles;
  }
}

function isEntered(data: object): data is Entered {
  return "session_token" in data && !!data.session_token && "member" in data;
}

/** Milliseconds from a JWT's making to its end, by its own word. Nothing is decided by it but when to
 * ask for the next one. */
function lifetime(jwt: string): number {
  try {
    const payload = jwt.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/");
    const { iat, exp } = JSON.parse(atob(payload)) as { iat: number; exp: number };
    return (exp - iat) * 1000 || 0;
  } catch {
    return 0;
  }
}
