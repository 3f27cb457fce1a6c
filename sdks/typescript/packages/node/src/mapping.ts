// What an attribute mapping would make of a person, before anybody saves it. Nobody is asked.
// Owns the outcome of a mapping. Pure; knows no connection and no member, and asks for the same
// outcomes as the server: the same vectors hold for both.

import { isObject } from "@vestibule-sso/core";

import {
  type Expression,
  MappingRefused,
  type Value,
  invalid,
  readExpression,
  strings,
} from "./mapping_language.js";

export { MappingRefused } from "./mapping_language.js";

const RESERVED = new Set(["email", "full_name", "first_name", "last_name", "groups", "idp_user_id"]);
const TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const NAME_ID = "NameID";
const DEFAULT = "(default)";
const MAX_KEYS = 50;
const MAX_KEY = 128;
const MAX_SOURCE = 512;
const MAX_GROUPS = 5000;
const MAX_NAME = 256;
const METADATA_KEYS = 20;
const METADATA_BYTES = 4096;
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const ADDRESS = new RegExp(
  `^${ATOM}(?:\\.${ATOM})*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9-]{2,63}$`,
);

type Claims = Readonly<Record<string, unknown>>;
export type AttributeMapping = Readonly<Record<string, string>>;

/** What a login would make of a person. */
export interface MappingOutcome {
  /** By which the identity provider's person is known again. */
  readonly subject: string;
  /** The address. The server's own check of an address is stricter. */
  readonly email: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** Of the member, afterwards. */
  readonly trusted_metadata: Readonly<Record<string, unknown>>;
  /** By key, the name or path that gave the value; "(default)" for a default. */
  readonly sources: Readonly<Record<string, string>>;
  /** What is missing or was left out on the way, each with its key before a colon. */
  readonly warnings: readonly string[];
  /** Keys for which the metadata have no room. */
  readonly leftOut: readonly string[];
}

/** Whether one value of a mapping can be read; throws `MappingRefused` with the place of the first
 * thing that is wrong. */
export function checkExpression(text: string): void {
  readExpression(text);
}

/**
 * What comes of the claims of a person, ID token and UserInfo together. `before` is the member's
 * trusted_metadata until now.
 *
 * Throws `MappingRefused`: the mapping cannot be saved, or the person would not be let in.
 */
export function previewOidc(
  mapping: AttributeMapping,
  claims: Claims,
  { before = {} }: { before?: Claims } = {},
): MappingOutcome {
  const asked = checked(mapping);
  const sources = new Map([["email", "email"], ["groups", "groups"], ...asked]);
  if (!["full_name", "first_name", "last_name"].some((key) => sources.has(key)))
    for (const [key, claim] of [
      ["full_name", "name"],
      ["first_name", "given_name"],
      ["last_name", "family_name"],
    ] as const)
      sources.set(key, claim);
  const found = evaluateAll(sources, claims);
  const referred = own(claims, "_claim_names");
  const elsewhere = new Set(isObject(referred) ? Object.keys(referred) : []);
  const wanted = sources.get("email")!;
  const addresses = strings(found.get("email")?.value);
  if (!addresses.length) {
    const lost = readExpression(wanted).sources.some((source) => elsewhere.has(source));
    const code = lost ? "oidc_distributed_claims" : "oidc_response_email_missing";
    throw new MappingRefused(code, `claim ${wanted}`);
  }
  const email = oneAddress(addresses, "oidc_response_email_invalid");
  const verified = own(claims, "email_verified");
  // Some providers send the word. What is absent is accepted, what does not say yes is not.
  const accepted: unknown[] = [undefined, null, true, 1, "true", "True", "1"];
  if (found.get("email")?.source === "email" && !accepted.includes(verified))
    throw new MappingRefused(
      "oidc_response_unverified_email",
      "email_verified true",
      String(verified),
    );
  const told = elsewhere.has("groups") ? new Map([["groups", "groups"], ...asked]) : asked;
  const warnings = warningsOf(told, found, "there is no claim", elsewhere);
  return outcome(String(own(claims, "sub") ?? ""), email, found, warnings, before);
}

/** What an assertion says of a person. */
export interface SamlStatement {
  /** By Name; one value is a text, several are a list. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
  readonly name_id: string;
  readonly name_id_format?: string;
  /** Of attributes, by Name. */
  readonly friendly_names?: Readonly<Record<string, string>>;
}

/** As `previewOidc`, of an assertion. */
export function previewSaml(
  mapping: AttributeMapping,
  { attributes, name_id, name_id_format = "", friendly_names = {} }: SamlStatement,
  { before = {} }: { before?: Claims } = {},
): MappingOutcome {
  const asked = checked(mapping);
  if (!asked.has("email")) throw new MappingRefused("saml_connection_email_mapping_required", "email");
  if (!asked.has("full_name") && !(asked.has("first_name") && asked.has("last_name")))
    throw new MappingRefused(
      "saml_connection_name_mapping_required",
      "full_name, or first_name and last_name",
    );
  const friendly = Object.entries(friendly_names).map(([name, other]) => [other, attributes[name]]);
  const said = Object.fromEntries([...friendly, ...Object.entries(attributes), [NAME_ID, name_id]]);
  const found = evaluateAll(asked, said as Claims);
  const email = oneAddress(strings(found.get("email")?.value), "saml_response_email_invalid");
  const warnings = warningsOf(asked, found, "the assertion has no attribute", new Set());
  const knownAs = found.get("idp_user_id");
  let [subject = ""] = strings(knownAs?.value);
  if (name_id_format === TRANSIENT) {
    // Each sign-in would be somebody new, and one day perhaps somebody else.
    if (subject && knownAs?.source === NAME_ID)
      throw new MappingRefused("saml_name_id_transient", "a NameID that stays", name_id_format);
    if (!subject) {
      subject = email.toLowerCase();
      warnings.push(`${NAME_ID}: it is transient, so the address alone tells who it is`);
    }
  }
  return outcome(subject || name_id, email, found, warnings, before);
}

// --- what both protocols have in common -------------------------------------------------------------

interface Found {
  readonly value: Value;
  readonly source?: string;
  readonly warnings: readonly string[];
}

type AllFound = ReadonlyMap<string, Found>;

/** Without its empty entries, which count as none. */
function checked(mapping: AttributeMapping): Map<string, string> {
  const kept = new Map(Object.entries(mapping).filter(([, text]) => text));
  if (kept.size > MAX_KEYS) throw invalid(`at most ${MAX_KEYS} keys`, String(kept.size));
  for (const [key, text] of kept) {
    if (!key || [...key].length > MAX_KEY || [...text].length > MAX_SOURCE)
      throw invalid(`keys to ${MAX_KEY}, sources to ${MAX_SOURCE} characters`, key);
    readExpression(text);
  }
  return kept;
}

function evaluateAll(sources: ReadonlyMap<string, string>, claims: Claims): AllFound {
  return new Map(
    [...sources].map(([key, text]) => [key, evaluate(readExpression(text), claims)]),
  );
}

function evaluate({ sources, fallback, steps }: Expression, claims: Claims): Found {
  for (const source of sources) {
    let value: Value = at(claims, source);
    if (isNothing(value)) continue;
    const warnings: string[] = [];
    for (const step of steps) {
      value = step(value, warnings);
      if (isNothing(value)) return { value: fallback, warnings };
    }
    return { value, source, warnings };
  }
  return { value: fallback, warnings: [] };
}

function isNothing(value: Value): boolean {
  return value == null || (Array.isArray(value) && !value.length);
}

/** A name that was said, and none that every object has. */
function own(claims: object, name: string): unknown {
  return Object.hasOwn(claims, name) ? (claims as Claims)[name] : undefined;
}

/** A whole name wins over a path. In an array a number picks one, a name looks into each. */
function at(claims: Claims, source: string): unknown {
  if (Object.hasOwn(claims, source)) return claims[source];
  let value: unknown = claims;
  for (const part of source.split(".")) {
    if (Array.isArray(value)) {
      if (/^[0-9]+$/.test(part)) value = value[Number(part.slice(0, 6))];
      else {
        const inner = value.filter((one) => isObject(one) && Object.hasOwn(one, part));
        value = inner.length ? inner.map((one: Claims) => one[part]) : undefined;
      }
    } else value = isObject(value) ? own(value, part) : undefined;
  }
  return value;
}

function oneAddress(values: readonly string[], code: string): string {
  const [address = "", ...more] = new Set(values);
  // Two addresses would leave the choice of the person to the order of a document.
  if (!values.length || more.length)
    throw new MappingRefused(code, "exactly one address", `${new Set(values).size} values`);
  if (address.length > 254 || !ADDRESS.test(address))
    throw new MappingRefused(code, "one address such as ada@example.com", address);
  const cut = address.lastIndexOf("@");
  return address.slice(0, cut) + address.slice(cut).toLowerCase();
}

function warningsOf(
  asked: ReadonlyMap<string, string>,
  found: AllFound,
  missing: string,
  elsewhere: ReadonlySet<string>,
): string[] {
  return [...asked].flatMap(([key, text]) => {
    const { value, warnings } = found.get(key)!;
    const told = warnings.map((warning) => `${key}: ${warning}`);
    if (value != null || told.length) return told;
    const { sources } = readExpression(text);
    const referred = sources.find((source) => elsewhere.has(source));
    return referred === undefined
      ? [`${key}: ${missing} ${sources.join(", ")}`]
      : [`${key}: ${referred} is only referred to, and references are not followed`];
  });
}

function outcome(
  subject: string,
  email: string,
  found: AllFound,
  warnings: string[],
  before: Claims,
): MappingOutcome {
  const first = (key: string) => strings(found.get(key)?.value).slice(0, 1);
  const groups = [...new Set(strings(found.get("groups")?.value))];
  if (groups.length > MAX_GROUPS)
    warnings.push(`groups: only the first ${MAX_GROUPS} of ${groups.length} are kept`);
  const [full] = first("full_name");
  const name = (full || [...first("first_name"), ...first("last_name")].join(" ")).trim();
  const given = [...found].filter(([, { value }]) => value != null);
  const { metadata, leftOut } = promoted(
    before,
    given.filter(([key]) => !RESERVED.has(key)).map(([key, { value }]) => [key, value]),
  );
  return {
    subject,
    email,
    name: [...name].slice(0, MAX_NAME).join(""),
    groups: groups.slice(0, MAX_GROUPS),
    trusted_metadata: metadata,
    sources: Object.fromEntries(given.map(([key, { source }]) => [key, source ?? DEFAULT])),
    warnings,
    leftOut,
  };
}

/** Key by key in the mapping's order, as far as there is room. */
function promoted(before: Claims, values: [string, unknown][]) {
  const all = Object.fromEntries([...Object.entries(before), ...values]);
  if (fits(all)) return { metadata: all, leftOut: [] };
  let metadata: Claims = { ...before };
  const leftOut: string[] = [];
  for (const value of values) {
    const tried = Object.fromEntries([...Object.entries(metadata), value]);
    if (fits(tried)) metadata = tried;
    else leftOut.push(value[0]);
  }
  return { metadata, leftOut };
}

function fits(metadata: Claims): boolean {
  if (Object.keys(metadata).length > METADATA_KEYS) return false;
  return Buffer.byteLength(JSON.stringify(metadata)) <= METADATA_BYTES;
}
