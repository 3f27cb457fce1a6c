// A session JWT and the rules by which it is believed (wire §5.7, §11).
// Keys, project and time come in, a session or a refusal comes out. Does not know where keys come
// from. The same vectors as the server's own check hold for it.

import type { webcrypto } from "node:crypto";

import { VestibuleError, isObject } from "@vestibule-sso/core";

import { readStrictJson } from "./strict_json.js";

const SESSION_CLAIM = "https://stytch.com/session";
const ORGANIZATION_CLAIM = "https://stytch.com/organization";
const RESERVED = "https://stytch.com/";
const REGISTERED = new Set(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]);
const TOKEN_LIMIT = 64 * 1024;
// Clocks differ by a moment: a minute forgives that at the beginning, and nothing at the end.
const SKEW = 60;
const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

type CryptoKey = webcrypto.CryptoKey;

export type SessionKeys = ReadonlyMap<string, CryptoKey>;

/** Who is signed in, where, and with which roles. What the wire says of a session is spelt as it
 * spells it. */
export interface Session {
  readonly member_session_id: string;
  readonly member_id: string;
  readonly organization_id: string;
  readonly organization_slug: string;
  readonly roles: readonly string[];
  readonly started_at: string;
  readonly last_accessed_at: string;
  /** The end of the session; "" if the server did not say. */
  readonly expires_at: string;
  /** As the wire has them (§5.3). */
  readonly authentication_factors: readonly Readonly<Record<string, unknown>>[];
  /** What the project's template and the application put into the JWT. */
  readonly custom_claims: Readonly<Record<string, unknown>>;
  /** Of the JWT, in seconds since 1970; the session may go on. */
  readonly jwtIssuedAt: number;
  readonly jwtExpiresAt: number;
}

/** A session JWT that this program does not accept; its message says which rule it breaks. Nobody
 * was asked. */
export class SessionInvalid extends VestibuleError {}
/** Signed by the server and too old; the session itself may go on. */
export class SessionJwtExpired extends SessionInvalid {}
/** It names a key that the server did not publish, or not when we last looked. */
export class KeyUnknown extends SessionInvalid {}

/** The usable keys of our key set by their `kid`; what is not RSA for signatures is left out. */
export async function readJwks(document: string): Promise<Map<string, CryptoKey>> {
  const keys = new Map<string, CryptoKey>();
  const told = readStrictJson(document);
  const members = isObject(told) ? told["keys"] : undefined;
  for (const jwk of Array.isArray(members) ? (members as unknown[]) : []) {
    if (!isObject(jwk) || jwk["kty"] !== "RSA" || (jwk["use"] ?? "sig") !== "sig") continue;
    const { kid, n, e } = jwk;
    if ((jwk["alg"] ?? "RS256") !== "RS256") continue;
    if (typeof kid !== "string" || typeof n !== "string" || typeof e !== "string") continue;
    try {
      if (bits(decode(n)) < 2048) continue;
      const key = { kty: "RSA", n, e };
      keys.set(kid, await crypto.subtle.importKey("jwk", key, ALGORITHM, false, ["verify"]));
    } catch {
      continue;
    }
  }
  return keys;
}

function bits(number: Uint8Array): number {
  const first = number.findIndex((octet) => octet !== 0);
  return first < 0 ? 0 : (number.length - first) * 8 - Math.clz32(number[first]!) + 24;
}

/**
 * Verify a session JWT of the project; `now` in seconds. Whether the session still lives is not asked.
 *
 * Throws `SessionJwtExpired` where it is right in everything but its age, `KeyUnknown` where its key
 * is not in `keys`, `SessionInvalid` for anything else.
 */
export async function verifySessionJwt(
  token: string,
  keys: SessionKeys,
  { projectId, now }: { projectId: string; now: number },
): Promise<Session> {
  if (typeof token !== "string" || token.length > TOKEN_LIMIT || !/^[\x00-\x7f]*$/.test(token))
    throw new SessionInvalid("not a JWT of at most 64 KB");
  const [header, payload, signature, ...more] = token.split(".");
  if (header === undefined || payload === undefined || signature === undefined || more.length)
    throw new SessionInvalid("not a JWS of three parts");
  const kid = judgeHeader(part("header", header));
  const key = keys.get(kid);
  if (!key) throw new KeyUnknown(`no key ${JSON.stringify(kid)} is known`);
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  const octets = attempt("signature", () => decode(signature));
  if (!(await crypto.subtle.verify(ALGORITHM, key, octets, signed)))
    throw new SessionInvalid("its signature is wrong");
  const claims = part("payload", payload);
  judgeClaims(claims, projectId, now);
  return readSession(claims);
}

/** The session that verified claims tell of. */
function readSession(claims: Record<string, unknown>): Session {
  const session = claims[SESSION_CLAIM];
  const organization = claims[ORGANIZATION_CLAIM];
  if (!isObject(session) || !isObject(organization))
    throw new SessionInvalid("no session or organization in it");
  const { roles, authentication_factors: factors } = session;
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === "string"))
    throw new SessionInvalid("no roles in it");
  const own = Object.entries(claims).filter(
    ([name]) => !REGISTERED.has(name) && !name.startsWith(RESERVED),
  );
  return {
    member_session_id: required(session, "id"),
    member_id: required(claims, "sub"),
    organization_id: required(organization, "organization_id"),
    organization_slug: text(organization, "slug"),
    roles,
    started_at: text(session, "started_at"),
    last_accessed_at: text(session, "last_accessed_at"),
    expires_at: text(session, "expires_at"),
    authentication_factors: Array.isArray(factors) ? factors : [],
    custom_claims: Object.fromEntries(own),
    jwtIssuedAt: claims["iat"] as number,
    jwtExpiresAt: claims["exp"] as number,
  };
}

function judgeHeader(header: Record<string, unknown>): string {
  for (const name of ["crit", "b64"])
    if (Object.hasOwn(header, name)) throw new SessionInvalid(`${name} in its header`);
  const { typ = "JWT", alg, kid } = header;
  if (typeof typ !== "string" || typ.toLowerCase() !== "jwt")
    throw new SessionInvalid("its typ is not JWT");
  // The algorithm is ours to choose, not the token's.
  if (alg !== "RS256") throw new SessionInvalid("its alg is not RS256");
  if (typeof kid !== "string") throw new SessionInvalid("no kid in its header");
  return kid;
}

function judgeClaims(claims: Record<string, unknown>, projectId: string, now: number): void {
  if (claims["iss"] !== `stytch.com/${projectId}`) throw new SessionInvalid("another issuer");
  const { aud } = claims;
  if (!(Array.isArray(aud) ? aud : [aud]).includes(projectId))
    throw new SessionInvalid("for another audience");
  const [exp, nbf] = ["exp", "nbf", "iat"].map((name) => number(claims[name])) as [number, number];
  if (nbf > now + SKEW) throw new SessionInvalid("it is not valid yet");
  if (now >= exp) throw new SessionJwtExpired("it has expired");
}

function number(value: unknown): number {
  if (typeof value !== "number" || !(value >= 0 && value < 1e12))
    throw new SessionInvalid("exp, nbf or iat is missing or not a number");
  return value;
}

function part(name: string, segment: string): Record<string, unknown> {
  const value = attempt(name, () => {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return readStrictJson(text.decode(decode(segment)));
  });
  if (!isObject(value)) throw new SessionInvalid(`${name}: not an object`);
  return value;
}

function attempt<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (reason) {
    throw new SessionInvalid(`${name}: ${String(reason)}`);
  }
}

/** Base64url in its one canonical spelling, so that no two tokens are the same token. */
function decode(segment: string): Uint8Array<ArrayBuffer> {
  const octets = Buffer.from(segment, "base64url");
  if (octets.toString("base64url") !== segment) throw new TypeError("not canonical base64url");
  return new Uint8Array(octets);
}

function required(source: Record<string, unknown>, name: string): string {
  const value = text(source, name);
  if (!value) throw new SessionInvalid(`no ${name} in it`);
  return value;
}

function text(source: Record<string, unknown>, name: string): string {
  const value = source[name];
  return typeof value === "string" ? value : "";
}
