// When a call is made again, what stands in it, and what becomes of a refusal. Nothing is sent: the
// client's `fetch` is played by hand, and so is the time.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { beforeEach, mock, test } from "node:test";
import { inspect } from "node:util";

import {
  ApiError,
  Conflict,
  Forbidden,
  InvalidRequest,
  NoAnswer,
  NotFound,
  OidcError,
  SamlError,
  ServerError,
  TooManyRequests,
  Unauthenticated,
  UnreadableAnswer,
  Vestibule,
} from "@vestibule-sso/node";

const CREDENTIALS = {
  baseUrl: "http://sso.example/",
  projectId: "project-test-1",
  secret: "secret-test-1",
  publicToken: "public-token-test-1",
  workspaceKey: { id: "key", secret: "its-secret" },
};
const LOST = Object.assign(new TypeError("fetch failed"), {
  cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
});
const CUT = Object.assign(new TypeError("fetch failed"), {
  cause: Object.assign(new Error("cut"), { code: "UND_ERR_SOCKET" }),
});

const answer = (status, body = {}, headers = {}) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
const refusal = (status, error_type = "bad_request", more = {}, headers = {}) =>
  answer(
    status,
    { status_code: status, request_id: "r-1", error_type, error_message: "A sentence.", ...more },
    headers,
  );

const setTimeoutItself = setTimeout;

/** A client whose requests meet `outcomes`, in their order. */
function play(...outcomes) {
  const sent = [];
  const waits = [];
  const fetch = async (url, request) => {
    sent.push({ url, ...request });
    const next = outcomes.shift();
    if (next instanceof Error) throw next;
    return next;
  };
  mock.method(globalThis, "setTimeout", (run, wait, ...more) => {
    waits.push(wait / 1000);
    return setTimeoutItself(run, 0, ...more);
  });
  return { client: new Vestibule(CREDENTIALS, { fetch }), sent, waits, left: outcomes };
}

beforeEach(() => mock.restoreAll());

const create = (client) => client.organizations.create({ organization_name: "Acme" });
const get = (client) => client.organizations.get({ organization_id: "acme" });

for (const [what, failure] of [["did not leave", LOST], ["may have arrived", CUT]])
  test(`a request that ${what} is sent again, the same to the letter`, async () => {
    const { client, sent } = play(failure, failure, answer(200), failure, answer(200));
    await create(client);
    assert.equal(sent.length, 3);
    assert.deepEqual({ ...sent[0], signal: 0 }, { ...sent[2], signal: 0 });
    await get(client);
    assert.equal(sent.length, 5);
  });

test("what changes something carries a key of its own, or the caller's", async () => {
  const { client, sent } = play(...Array.from({ length: 6 }, () => answer(200)));
  const params = { organization_name: "Acme" };
  await client.organizations.create(params);
  await client.organizations.create(params);
  await client.organizations.create(params, { idempotencyKey: 'mine "\\' });
  await get(client);
  await client.organizations.search({});
  await client.sessions.authenticate({ session_token: "t" });
  const keys = sent.map(({ headers }) => headers["idempotency-key"]);
  assert.match(keys[0], /^"[0-9a-f-]{36}"$/);
  assert.notEqual(keys[0], keys[1]);
  assert.deepEqual(keys.slice(2), ['"mine \\"\\\\"', undefined, undefined, undefined]);
  for (const idempotencyKey of ["", "ä", "\n", "x".repeat(256)])
    assert.throws(() => client.organizations.create(params, { idempotencyKey }), TypeError);
});

for (const status of [409, 502, 503, 504])
  test(`a passing failure is tried again: ${status}`, async () => {
    const { client, left } = play(refusal(status), answer(200), refusal(status), answer(200));
    await get(client);
    await create(client);
    assert.equal(left.length, 0);
  });

for (const status of [400, 401, 403, 404, 500])
  test(`a decided refusal is not asked again: ${status}`, async () => {
    const { client, sent } = play(refusal(status));
    await assert.rejects(get(client), ApiError);
    assert.equal(sent.length, 1);
  });

test("too many requests are waited for as long as the server says, if it is not long", async () => {
  const busy = (after) => refusal(429, "too_many_requests", {}, { "retry-after": after });
  const { client, waits } = play(busy("7"), refusal(400), busy("600"));
  await assert.rejects(create(client));
  assert.equal(waits.length, 1);
  assert.ok(waits[0] >= 7 && waits[0] < 8);
  await assert.rejects(
    create(client),
    (error) => error instanceof TooManyRequests && error.retryAfter === 600,
  );
});

test("waits grow and are random, and there is a last one", async () => {
  const firsts = new Set();
  for (let round = 0; round < 50; round++) {
    const { client, waits } = play(LOST, LOST, LOST);
    await assert.rejects(get(client), (error) => error instanceof NoAnswer && !error.sent);
    assert.equal(waits.length, 2);
    assert.ok(waits[0] <= 0.25 && waits[1] <= 0.5);
    firsts.add(waits[0]);
    mock.restoreAll();
  }
  assert.ok(firsts.size > 25);
});

test("who gives a call up hears of it at once", async () => {
  const { client, sent } = play();
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const call = client.organizations.get({ organization_id: "acme" }, { signal });
  await assert.rejects(call, (error) => error === reason);
  assert.ok(sent.length <= 1);
});

test("what is null or undefined is not sent, and ids stay ids", async () => {
  const { client, sent } = play(answer(200), answer(200), answer(200));
  await client.organizations.create({
    organization_name: "Ä",
    organization_slug: null,
    external_id: undefined,
  });
  assert.deepEqual(JSON.parse(sent[0].body), { organization_name: "Ä" });
  await client.organizations.get({ organization_id: "a/../b?c=#d" });
  assert.equal(sent[1].url, "http://sso.example/v1/b2b/organizations/a%2F..%2Fb%3Fc%3D%23d");
  await client.organizations.members.get({
    organization_id: "acme",
    email_address: "a+b@x.example",
  });
  assert.equal(new URL(sent[2].url).searchParams.get("email_address"), "a+b@x.example");
  assert.equal(sent[2].body, undefined);
});

for (const id of ["", ".", "..", undefined, 7])
  test(`an id that means another path is refused before anything is sent: ${id}`, async () => {
    const { client, sent } = play();
    await assert.rejects(client.organizations.get({ organization_id: id }), TypeError);
    assert.equal(sent.length, 0);
  });

test("each call shows the credential that it needs, and no other", async () => {
  const { client, sent } = play(answer(200), answer(200), answer(200));
  const shown = (at) =>
    atob((sent[at].headers.authorization ?? "Basic ").slice("Basic ".length));
  await client.organizations.get(
    { organization_id: "acme" },
    { asMember: { sessionToken: "t", sessionJwt: "j" } },
  );
  assert.equal(shown(0), "project-test-1:secret-test-1");
  assert.equal(sent[0].headers["x-stytch-member-session"], "t");
  assert.equal(sent[0].headers["x-stytch-member-sessionjwt"], "j");
  const where = { project_slug: "p", environment_slug: "e" };
  await client.management.rbacPolicy.get(where);
  assert.equal(shown(1), "key:its-secret");
  await client.sessions.getJwks({ project_id: "project-test-1" });
  assert.equal(shown(2), "");
});

test("a member without a session has not the power of the secret", () => {
  const { client, sent } = play();
  const call = () => client.organizations.get({ organization_id: "acme" }, { asMember: {} });
  assert.throws(call, TypeError);
  assert.equal(sent.length, 0);
});

for (const [code, status, kind] of [
  ["organization_not_found", 404, NotFound],
  ["duplicate_member_email", 400, Conflict],
  ["session_authorization_error", 403, Forbidden],
  ["unauthorized_credentials", 401, Unauthenticated],
  ["saml_audience_mismatch", 400, SamlError],
  ["oidc_issuer_mismatch", 400, OidcError],
  ["what_a_newer_server_invented", 404, NotFound],
  ["toString", 400, InvalidRequest],
  ["internal_server_error", 500, ServerError],
])
  test(`a refusal is an error in the class of its kind: ${code}`, async () => {
    const error_details = { code, want: "a", got: "b", remedy: "Do.", trace_id: "t" };
    const { client } = play(refusal(status, "on_the_wire", { error_details, error_url: "u" }));
    await assert.rejects(create(client), (error) => {
      assert.ok(error instanceof kind);
      assert.equal(error.constructor, kind);
      const { code, errorType, message, requestId, want, got, remedy, traceId, errorUrl } = error;
      assert.deepEqual(
        [errorType, message, requestId, want, got, remedy, traceId, errorUrl],
        ["on_the_wire", "A sentence.", "r-1", "a", "b", "Do.", "t", "u"],
      );
      assert.equal(String(error), `${code}: A sentence. Wanted a, got b. Do. (r-1)`);
      return true;
    });
  });

for (const body of ["<html>", "[]", "null", "{}", '{"error_type": 7}'])
  test(`what is no refusal of Vestibule is not read as one: ${body}`, async () => {
    const { client } = play(answer(404, body));
    await assert.rejects(create(client), UnreadableAnswer);
  });

test("a success that is no object is not read as one", async () => {
  const { client } = play(answer(200, "<html>a proxy's page"));
  await assert.rejects(
    create(client),
    (error) => error instanceof UnreadableAnswer && error.message.includes("a proxy's page"),
  );
});

test("a server that is not there was sent nothing, and one that hangs up may have read", async () => {
  const server = createServer((request) => request.socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const client = new Vestibule({ ...CREDENTIALS, baseUrl }, { retries: 0 });
  await assert.rejects(create(client), (error) => error instanceof NoAnswer && error.sent);
  server.close();
  await once(server, "close");
  await assert.rejects(create(client), (error) => error instanceof NoAnswer && !error.sent);
});

test("a redirect is no answer: credentials go nowhere else", async () => {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(302, { location: "/elsewhere" }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const client = new Vestibule({ ...CREDENTIALS, baseUrl }, { retries: 0 });
  await assert.rejects(create(client), NoAnswer);
  assert.deepEqual(asked, ["/v1/b2b/organizations"]);
  server.close();
  await once(server, "close");
});

test("secrets do not stand in what one prints", () => {
  const { client } = play();
  for (const printed of [inspect(client, { depth: 9 }), JSON.stringify(client.credentials)])
    assert.doesNotMatch(printed, /secret-test-1|its-secret/);
});

test("every operation of the backend is a method", () => {
  const spec = JSON.parse(readFileSync(new URL("../../../../openapi.json", import.meta.url)));
  const { client } = play();
  const camel = (words) => words.join("_").replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  // Two words can be one noun or a noun inside a noun; so each way is tried.
  const reach = (holder, words) =>
    words.length
      ? words.some((_, at) => {
          const inner = holder?.[camel(words.slice(0, at + 1))];
          return inner !== undefined && reach(inner, words.slice(at + 1));
        })
      : typeof holder === "function";
  const ids = Object.values(spec.paths)
    .flatMap((methods) => Object.values(methods))
    .map((entry) => entry.operationId)
    .filter((id) => !id.startsWith("sdk."));
  assert.ok(ids.length > 60);
  assert.deepEqual(ids.filter((id) => !reach(client, id.split(/[._]/))), []);
  assert.ok(!reach(client, ["organizations", "members", "dance"]));
});
