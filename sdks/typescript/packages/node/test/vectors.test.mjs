// The vectors that the server is held to hold here as well: one truth, whoever evaluates.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  KeyUnknown,
  MappingRefused,
  SessionInvalid,
  SessionJwtExpired,
  checkExpression,
  grantingRoles,
  previewOidc,
  previewSaml,
  readJwks,
  verifySessionJwt,
} from "@vestibule-sso/node";

const vectors = new URL("../../../../../tests/vectors/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, vectors), "utf8"));

const rights = read("rbac/cases.json");
const jwts = read("session_jwt/cases.json");
const keys = await readJwks(JSON.stringify(jwts.jwks));
const verify = (token) =>
  verifySessionJwt(token, keys, { projectId: jwts.project_id, now: jwts.now });

for (const { name, held, resource_id, action, granting } of rights.cases) {
  test(`rights are evaluated as the vectors say: ${name}`, () => {
    const roles = [...rights.policy_roles, ...rights.organization_roles];
    assert.deepEqual(grantingRoles(held, resource_id, action, roles), granting);
  });
}

for (const { name, token } of jwts.good) {
  test(`a good session JWT is accepted: ${name}`, async () => {
    const session = await verify(token);
    const told = Object.fromEntries(Object.keys(jwts.session).map((key) => [key, session[key]]));
    assert.deepEqual(told, jwts.session);
  });
}

const REASONS = { expired: SessionJwtExpired, unknown_key: KeyUnknown, invalid: SessionInvalid };
for (const { name, token, because } of jwts.bad) {
  test(`a session JWT with one fault is refused: ${name}`, async () => {
    await assert.rejects(verify(token), (error) => error.constructor === REASONS[because]);
  });
}

test("what is no key for session JWTs is left out", async () => {
  const good = jwts.jwks.keys[0];
  const { kid: _, ...nameless } = good;
  const odd = [
    { ...good, kid: "a", use: "enc" },
    { ...good, kid: "b", alg: "RS512" },
    { ...good, kid: "c", kty: "EC" },
    { ...good, kid: "d", n: good.n.slice(0, 100) },
    { ...good, kid: "e", n: null },
    nameless,
    "a string",
  ];
  const found = await readJwks(JSON.stringify({ keys: [...odd, good] }));
  assert.deepEqual([...found.keys()], [good.kid]);
});

// JavaScript has one kind of number, so 0.0, which is no boolean, is 0, which is one.
const casesText = readFileSync(new URL("mapping/cases.json", vectors), "utf8");
const { cases } = JSON.parse(casesText.replaceAll(/: 0\.0\b/g, ": 0.5"));
const expressions = read("mapping/expressions.json");

function preview({ protocol, mapping, claims, before, ...statement }) {
  const options = before ? { before } : {};
  return protocol === "oidc"
    ? previewOidc(mapping, claims, options)
    : previewSaml(mapping, statement, options);
}

for (const { name, error, outcome, ...told } of cases) {
  test(`a mapping gives what the vectors say: ${name}`, () => {
    if (error) {
      const refused = (reason) => reason instanceof MappingRefused && reason.code === error;
      assert.throws(() => preview(told), refused);
      return;
    }
    const { warnings, leftOut, ...made } = preview(told);
    const warned = [...new Set(warnings.map((warning) => warning.split(": ")[0]))];
    assert.deepEqual({ ...made, warned, left_out: leftOut }, outcome);
  });
}

for (const [name, text, value, source, warnings] of expressions.good) {
  test(`an expression gives its value and says where it came from: ${name}`, () => {
    const claims = { ...expressions.claims, contact: "ada@x.example" };
    const made = previewOidc({ x: text, email: "contact" }, claims);
    const told = made.warnings.filter((warning) => warning.startsWith("x: "));
    assert.deepEqual(made.trusted_metadata.x ?? null, value);
    if (value !== null) assert.equal(made.sources.x, source ?? "(default)");
    assert.equal(told.length, value === null ? Math.max(warnings, 1) : warnings);
  });
}

for (const [name, text, place] of expressions.bad) {
  test(`a wrong expression is refused with its place: ${name}`, () => {
    assert.throws(
      () => checkExpression(text),
      (reason) =>
        reason instanceof MappingRefused &&
        reason.code === "attribute_mapping_invalid" &&
        (place === null || reason.got.includes(`at character ${place} of`)),
    );
  });
}
