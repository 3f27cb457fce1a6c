// When keys and policies are asked for again, by a clock and a server of our own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Forbidden, KeyUnknown, NoAnswer, SessionJwtExpired, UnreadableAnswer, Vestibule } from "@vestibule-sso/node";

import { Verification } from "../dist/verification.js";

const read = (name) =>
  JSON.parse(readFileSync(new URL(`../../../../../tests/vectors/${name}`, import.meta.url)));
const VECTORS = read("session_jwt/cases.json");
const GOOD = VECTORS.good[0].token;
const UNKNOWN = VECTORS.bad.find(({ name }) => name === "an unknown kid").token;

const json = (body, status = 200) => new Response(JSON.stringify(body), { status });

/** A server that publishes `keys`, or is away. */
function scene({ keys = VECTORS.jwks } = {}) {
  const world = { now: VECTORS.now, keys, away: false, asked: [], answers: {} };
  const fetch = async (url) => {
    const path = new URL(url).pathname;
    world.asked.push(path);
    if (world.away) throw new TypeError("fetch failed");
    if (path.includes("/jwks/")) return json(world.keys);
    return world.answers[path]();
  };
  const access = { baseUrl: "http://sso.example", retries: 0, timeout: 1000, fetch };
  const credentials = { baseUrl: access.baseUrl, projectId: VECTORS.project_id, secret: "s" };
  const client = new Vestibule(credentials, { retries: 0, fetch });
  const made = new Verification(access, VECTORS.project_id, client.call, () => world.now);
  return { world, made };
}

test("many who come at once fetch the keys once", async () => {
  const { world, made } = scene();
  await Promise.all(Array.from({ length: 8 }, () => made.verify(GOOD)));
  assert.equal(world.asked.length, 1);
});

test("keys are an hour old at most", async () => {
  const { world, made } = scene();
  await made.verify(GOOD);
  world.now += 3599;
  await assert.rejects(made.verify(GOOD), SessionJwtExpired);
  assert.equal(world.asked.length, 1);
  world.now += 1;
  await assert.rejects(made.verify(GOOD), SessionJwtExpired);
  assert.equal(world.asked.length, 2);
});

test("an unknown key is looked for, five times a minute at most", async () => {
  const { world, made } = scene();
  for (let round = 0; round < 20; round++) await assert.rejects(made.verify(UNKNOWN), KeyUnknown);
  assert.equal(world.asked.length, 6);
  world.now += 61;
  await assert.rejects(made.verify(UNKNOWN), KeyUnknown);
  assert.equal(world.asked.length, 7);
});

test("a key that the server began to use is found at once", async () => {
  const { world, made } = scene({ keys: { keys: [VECTORS.jwks.keys.at(-1)] } });
  const kids = VECTORS.good.map(({ token }) => JSON.parse(atob(token.split(".")[0])).kid);
  const token = VECTORS.good[kids.findIndex((kid) => kid !== world.keys.keys[0].kid)].token;
  await assert.rejects(made.verify(token), KeyUnknown);
  world.keys = VECTORS.jwks;
  assert.ok((await made.verify(token)).member_id);
});

test("with the server away known keys count for a day, and it is asked once a minute", async () => {
  const { world, made } = scene();
  await made.verify(GOOD);
  world.away = true;
  world.now += 3600;
  for (let round = 0; round < 5; round++)
    await assert.rejects(made.verify(GOOD), SessionJwtExpired);
  assert.equal(world.asked.length, 2);
  world.now += 60;
  await assert.rejects(made.verify(GOOD), SessionJwtExpired);
  assert.equal(world.asked.length, 3);
  world.now += 24 * 3600;
  await assert.rejects(made.verify(GOOD), NoAnswer);
});

test("without any key nothing is believed", async () => {
  for (const keys of [{ keys: [] }, {}, { keys: "none" }, { keys: [{ kty: "oct" }] }]) {
    const { made } = scene({ keys });
    await assert.rejects(made.verify(GOOD), UnreadableAnswer);
  }
});

test("a policy is five minutes old at most, and a failure to get it is not kept", async () => {
  const { world, made } = scene();
  const role = { role_id: "editor", permissions: [{ resource_id: "documents", actions: ["*"] }] };
  const session = { ...(await made.verify(GOOD)), roles: ["editor"], organization_id: "o" };
  world.asked.length = 0;
  world.away = true;
  await assert.rejects(made.require(session, "documents", "write"), NoAnswer);
  world.away = false;
  world.answers["/v1/b2b/rbac/policy"] = () => json({ policy: { roles: [role] } });
  const both = [made.require(session, "documents", "a"), made.require(session, "documents", "b")];
  assert.deepEqual(await Promise.all(both), [["editor"], ["editor"]]);
  assert.equal(world.asked.length, 2);
  world.now += 300;
  await made.require(session, "documents", "write");
  assert.equal(world.asked.length, 3);
});

test("an organization's own roles are asked for where the project's do not suffice", async () => {
  const { world, made } = scene();
  const own = { role_id: "own", permissions: [{ resource_id: "documents", actions: ["publish"] }] };
  world.answers["/v1/b2b/rbac/policy"] = () => json({ policy: { roles: [] } });
  world.answers["/v1/b2b/rbac/organizations/o"] = () => json({ org_policy: { roles: [own] } });
  const session = { ...(await made.verify(GOOD)), roles: ["own"], organization_id: "o" };
  assert.deepEqual(await made.require(session, "documents", "publish", "o"), ["own"]);
  await assert.rejects(
    made.require(session, "documents", "write"),
    (error) => error instanceof Forbidden && error.want === "documents:write",
  );
  await assert.rejects(
    made.require(session, "documents", "publish", "another"),
    (error) => error.code === "session_authorization_tenancy_error",
  );
  assert.deepEqual(
    world.asked.filter((path) => path.includes("/organizations/")),
    ["/v1/b2b/rbac/organizations/o"],
  );
});
