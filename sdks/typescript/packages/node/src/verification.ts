// Answers about sessions that need no server, as long as what they rest on is fresh.
// Owns the copies of the project's public keys and of its policies, and says when they are asked for
// again. Does not know how a cookie or a header is read.

import {
  type Access,
  Forbidden,
  UnreadableAnswer,
  VestibuleError,
  grantingRoles,
  type models,
  refused,
  send,
} from "@vestibule-sso/core";

import * as o from "./api/operations.js";
import type { Vestibule } from "./client.js";
import {
  KeyUnknown,
  type Session,
  type SessionKeys,
  SessionJwtExpired,
  readJwks,
  verifySessionJwt,
} from "./session_jwt.js";

type Roles = readonly models.RoleDocument[];

const KEYS_MAX_AGE = 3600;
// With the server out of reach, known keys count on for so long, and not longer.
const KEYS_LAST_RESORT = 24 * 3600;
const POLICY_MAX_AGE = 300;
// Tokens with invented key ids must not turn this program into a pump: so many fetches a minute.
const BUDGET = 5;
const MINUTE = 60;
const ORGANIZATIONS_LIMIT = 10_000;

export interface VerifyOptions {
  /** Seconds; a JWT that was issued earlier counts as expired. */
  maxAge?: number;
  /** Where the JWT has expired, ask the server, which still knows a living session. */
  ask?: boolean;
}

/** A session that the server was asked about, and what to show for it next time. */
export interface Fresh {
  readonly session: Session;
  readonly sessionToken: string;
  readonly sessionJwt: string;
}

/** One for each client. `clock` tells seconds since 1970. */
export class Verification {
  readonly #access: Access;
  readonly #projectId: string;
  readonly #call: Vestibule["call"];
  readonly #clock: () => number;

  #keys: SessionKeys = new Map();
  #fetchedAt = -Infinity;
  #failedAt = -Infinity;
  #triedAt: number[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #policy: Kept | undefined;
  readonly #ownRoles = new Map<string, Kept>();

  constructor(
    access: Access,
    projectId: string,
    call: Vestibule["call"],
    clock = () => Date.now() / 1000,
  ) {
    this.#access = access;
    this.#projectId = projectId;
    this.#call = call;
    this.#clock = clock;
  }

  // --- sessions -----------------------------------------------------------------------------------

  /** The session that a JWT tells of. */
  async verify(sessionJwt: string, { maxAge, ask }: VerifyOptions = {}): Promise<Session> {
    try {
      return await this.#verify(sessionJwt, maxAge);
    } catch (reason) {
      if (!ask || !(reason instanceof SessionJwtExpired)) throw reason;
    }
    return (await this.ask({ session_jwt: sessionJwt })).session;
  }

  /** Look a session up at the server, which hands out a fresh JWT of it. */
  async ask(locator: { session_token?: string; session_jwt?: string }): Promise<Fresh> {
    const answer = await this.#call(o.sessionsAuthenticate, locator);
    const session = await this.#verify(answer.session_jwt);
    return {
      session: { ...session, expires_at: answer.member_session.expires_at },
      sessionToken: answer.session_token,
      sessionJwt: answer.session_jwt,
    };
  }

  async #verify(token: string, maxAge?: number): Promise<Session> {
    if (this.#clock() - this.#fetchedAt >= KEYS_MAX_AGE) await this.#alone(() => this.#renew());
    let session: Session;
    const seen = this.#fetchedAt;
    try {
      session = await this.#judge(token);
    } catch (reason) {
      if (!(reason instanceof KeyUnknown)) throw reason;
      // A key that the server began to use since then; asked for once.
      if (!(await this.#alone(() => this.#lookAgain(seen)))) throw reason;
      session = await this.#judge(token);
    }
    if (maxAge !== undefined && this.#clock() - session.jwtIssuedAt >= maxAge)
      throw new SessionJwtExpired("it is older than was asked for");
    return session;
  }

  #judge(token: string): Promise<Session> {
    return verifySessionJwt(token, this.#keys, { projectId: this.#projectId, now: this.#clock() });
  }

  // --- keys ---------------------------------------------------------------------------------------

  /** One after the other: who waited finds what the one before brought. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #renew(): Promise<void> {
    const now = this.#clock();
    if (now - this.#fetchedAt < KEYS_MAX_AGE) return;
    const usable = now - this.#fetchedAt < KEYS_LAST_RESORT;
    if (usable && now - this.#failedAt < MINUTE) return;
    try {
      await this.#fetch(now);
    } catch (reason) {
      this.#failedAt = now;
      if (!usable || !(reason instanceof VestibuleError)) throw reason;
    }
  }

  /** Whether there are newer keys than those of `seen` now. */
  async #lookAgain(seen: number): Promise<boolean> {
    if (this.#fetchedAt !== seen) return true;
    const now = this.#clock();
    this.#triedAt = this.#triedAt.filter((at) => now - at < MINUTE);
    if (this.#triedAt.length >= BUDGET) return false;
    this.#triedAt.push(now);
    await this.#fetch(now);
    return true;
  }

  async #fetch(now: number): Promise<void> {
    const path = o.sessionsGetJwks.path.replace("{project_id}", encodeURIComponent(this.#projectId));
    const request = {
      method: "GET",
      url: `${this.#access.baseUrl}${path}`,
      headers: { accept: "application/json" },
    };
    const answer = await send(this.#access, request, true);
    if (answer.status !== 200) throw refused(this.#access, answer);
    let told = "no usable key in it";
    const found = await readJwks(answer.body).catch((reason: unknown) => {
      told = String(reason);
    });
    if (!found?.size) throw new UnreadableAnswer(told, answer.status, answer.body);
    this.#keys = found;
    this.#fetchedAt = now;
  }

  // --- rights -------------------------------------------------------------------------------------

  /** The roles of the session that grant the action, by the cached policies. The organization's own
   * roles are looked at only where those of the project do not suffice. */
  async granting(session: Session, resourceId: string, action: string): Promise<string[]> {
    const { roles, organization_id } = session;
    const policy = await this.#projectRoles();
    const granted = grantingRoles(roles, resourceId, action, policy);
    if (granted.length) return granted;
    const own = await this.#organizationRoles(organization_id);
    return grantingRoles(roles, resourceId, action, own);
  }

  /** The roles that grant the action; throws `Forbidden` where there is none, or the session is of
   * another organization than `organizationId`. */
  async require(
    session: Session,
    resourceId: string,
    action: string,
    organizationId?: string,
  ): Promise<string[]> {
    if (organizationId !== undefined && session.organization_id !== organizationId)
      throw new Forbidden({
        code: "session_authorization_tenancy_error",
        message: "The session belongs to another organization.",
        status: 403,
        details: { want: organizationId, got: session.organization_id },
      });
    const granted = await this.granting(session, resourceId, action);
    if (granted.length) return granted;
    throw new Forbidden({
      code: "session_authorization_error",
      message: "The roles of this session do not grant the action.",
      status: 403,
      details: {
        want: `${resourceId}:${action}`,
        got: session.roles.join(", "),
        remedy: "Ask who looks after roles in the organization.",
      },
    });
  }

  async #projectRoles(): Promise<Roles> {
    if (!this.#fresh(this.#policy))
      this.#policy = this.#kept(
        this.#call(o.rbacPolicy, {}).then((answer) => answer.policy.roles ?? []),
        () => (this.#policy = undefined),
      );
    return this.#policy.roles;
  }

  async #organizationRoles(organizationId: string): Promise<Roles> {
    let known = this.#ownRoles.get(organizationId);
    if (!this.#fresh(known)) {
      const asked = this.#call(o.rbacOrganizationsGetOrgPolicy, { organization_id: organizationId });
      known = this.#kept(
        asked.then((answer) => answer.org_policy.roles ?? []),
        () => this.#ownRoles.delete(organizationId),
      );
      if (this.#ownRoles.size >= ORGANIZATIONS_LIMIT) this.#ownRoles.clear();
      this.#ownRoles.set(organizationId, known);
    }
    return known.roles;
  }

  #fresh(kept: Kept | undefined): kept is Kept {
    return kept !== undefined && this.#clock() - kept.at < POLICY_MAX_AGE;
  }

  /** The promise itself is kept, so that many who ask at once ask once; a failure is not kept. */
  #kept(roles: Promise<Roles>, forget: () => void): Kept {
    roles.catch(forget);
    return { at: this.#clock(), roles };
  }
}

interface Kept {
  readonly at: number;
  readonly roles: Promise<Roles>;
}
