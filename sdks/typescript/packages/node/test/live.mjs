// The scenarios of the official client and of our Python SDK, against a live `vestibule dev`; the
// file VESTIBULE_CREDENTIALS says where it is, VESTIBULE_IDP where its
// identity provider is. Started by tests/peers/test_typescript_sdk.py.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import {
  Conflict,
  Forbidden,
  InvalidRequest,
  NoAnswer,
  NotFound,
  SessionInvalid,
  SessionJwtExpired,
  Unauthenticated,
  Vestibule,
  readCredentials,
} from "@vestibule-sso/node";

const credentials = readCredentials(process.env.VESTIBULE_CREDENTIALS);
const client = new Vestibule(credentials);
const ADA = "ada@northwind.example";
const REDIRECT = "http://localhost:3000/authenticate";
const MAPPING = { email: "NameID", full_name: "name", groups: "groups", department: "department" };
const { VESTIBULE_IDP: IDP } = process.env;
let numbers = 0;

/** A company with a SAML and an OIDC connection, and a partner that uses both. */
const customer = {};

async function newOrganization(name, fields = {}) {
  const organization_slug = `ts-${name}-${++numbers}`;
  const params = { organization_name: `TS ${name}`, organization_slug, ...fields };
  return (await client.organizations.create(params)).organization.organization_id;
}

before(async () => {
  const owner = (customer.owner = await newOrganization("owner"));
  const partner = (customer.partner = await newOrganization("partner"));
  const made = await client.sso.saml.createConnection({
    organization_id: owner,
    display_name: "Ours",
  });
  const saml = { organization_id: owner, connection_id: made.connection.connection_id };
  await client.sso.saml.updateByUrl({ ...saml, metadata_url: `${IDP}/saml/metadata` });
  const changed = await client.sso.saml.updateConnection({
    ...saml,
    attribute_mapping: MAPPING,
    saml_connection_implicit_role_assignments: [{ role_id: "viewer" }],
    saml_group_implicit_role_assignments: [{ role_id: "editor", group: "engineering" }],
  });
  assert.equal(changed.connection.status, "active");
  const { connection } = await client.sso.oidc.createConnection({ organization_id: owner });
  const oidc = await client.sso.oidc.updateConnection({
    organization_id: owner,
    connection_id: connection.connection_id,
    client_id: process.env.VESTIBULE_IDP_CLIENT_ID,
    client_secret: process.env.VESTIBULE_IDP_CLIENT_SECRET,
    issuer: `${IDP}/oidc`,
    attribute_mapping: { ...MAPPING, email: "email" },
  });
  assert.deepEqual([oidc.warning, oidc.connection.status], ["", "active"]);
  customer.saml = saml.connection_id;
  customer.oidc = connection.connection_id;
  for (const kind of ["saml", "oidc"]) {
    const external = await client.sso.external.createConnection({
      organization_id: partner,
      external_organization_id: owner,
      external_connection_id: customer[kind],
      group_implicit_role_assignments: [{ role_id: "lab-lead", group: "engineering" }],
    });
    customer[`partner_${kind}`] = external.connection.connection_id;
  }
});

const begin = (connection_id) =>
  client.startLogin({
    connection_id,
    login_redirect_url: REDIRECT,
    signup_redirect_url: REDIRECT,
    provider_parameters: { login_hint: ADA },
  });

/** What the person's browser does, from the start URL to the token in the redirect. */
async function walk({ url }) {
  const cookies = new Map();
  let request = [url, {}];
  for (let step = 0; step < 12; step++) {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(request[0], {
      redirect: "manual",
      headers: cookie ? { cookie } : {},
      ...request[1],
    });
    for (const set of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
      cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location?.startsWith(REDIRECT)) {
      const query = new URL(location).searchParams;
      assert.equal(query.get("stytch_token_type"), "sso");
      return query.get("token");
    }
    if (location) {
      request = [new URL(location, answer.url).href, {}];
      continue;
    }
    const page = await answer.text();
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? assert.fail(page);
    const body = new URLSearchParams(
      [...page.matchAll(/<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"/g)].map(
        ([, name, value]) => [name, plain(value)],
      ),
    );
    request = [new URL(plain(action), answer.url).href, { method: "POST", body }];
  }
  return assert.fail("no way back");
}

const plain = (html) =>
  html
    .replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

async function signIn(connection_id, more = {}) {
  const start = await begin(connection_id);
  const sso_token = await walk(start);
  return client.sso.authenticate({ sso_token, pkce_code_verifier: start.codeVerifier, ...more });
}

/** The error in full: class, status, wire name, request id, and a remedy. */
async function refused(kind, status, errorType, promise) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.constructor, kind, String(error));
    assert.deepEqual([error.status, error.errorType], [status, errorType], String(error));
    assert.match(error.requestId, /^request-id-test-/);
    assert.ok(error.errorUrl.endsWith(`/docs/errors/${status}#${errorType}`));
    assert.ok(error.message && error.remedy && error.code);
    return true;
  });
}

// --- logins and sessions ----------------------------------------------------------------------------

for (const [door, entered, roles] of [
  ["saml", "owner", ["editor", "stytch_member", "viewer"]],
  ["oidc", "owner", ["stytch_member"]],
  ["partner_saml", "partner", ["lab-lead", "stytch_member"]],
  ["partner_oidc", "partner", ["lab-lead", "stytch_member"]],
])
  test(`a login becomes a session: ${door}`, async () => {
    const done = await signIn(customer[door], { session_duration_minutes: 30 });
    assert.ok(done.member_authenticated);
    assert.equal(done.organization_id, customer[entered]);
    assert.equal(done.member.email_address, ADA);
    assert.equal(done.member.trusted_metadata.department, "Research");
    assert.deepEqual(done.member_session.roles, roles);
  });

test("a token works once and with its verifier alone", async () => {
  const start = await begin(customer.saml);
  const sso_token = await walk(start);
  const use = (pkce_code_verifier) => client.sso.authenticate({ sso_token, pkce_code_verifier });
  await refused(InvalidRequest, 400, "pkce_expected_code_verifier", use());
  const stranger = (await begin(customer.saml)).codeVerifier;
  await refused(InvalidRequest, 400, "pkce_mismatch", use(stranger));
  assert.ok((await use(start.codeVerifier)).member_authenticated);
  await refused(NotFound, 404, "sso_token_not_found", use(start.codeVerifier));
});

test("a session from authenticate to revoke", async () => {
  const done = await signIn(customer.saml, { session_custom_claims: { plan: "gold" } });
  const { session_token, member_id } = done;
  const { member_session_id } = done.member_session;
  const again = await client.sessions.authenticate({ session_token });
  assert.equal(again.member_session.member_session_id, member_session_id);
  assert.equal(again.member_session.custom_claims.plan, "gold");
  const check = (action) => ({
    organization_id: customer.owner,
    resource_id: "documents",
    action,
  });
  const allowed = await client.sessions.authenticate({
    session_jwt: again.session_jwt,
    authorization_check: check("write"),
  });
  assert.deepEqual(allowed.verdict.granting_roles, ["editor"]);
  const asked = client.sessions.authenticate({
    session_token,
    authorization_check: check("publish"),
  });
  await refused(Forbidden, 403, "session_authorization_error", asked);
  const listed = await client.sessions.get({ organization_id: customer.owner, member_id });
  assert.ok(listed.member_sessions.some((one) => one.member_session_id === member_session_id));
  await client.sessions.revoke({ member_session_id });
  const gone = client.sessions.authenticate({ session_token });
  await refused(NotFound, 404, "session_not_found", gone);
  await refused(InvalidRequest, 400, "no_session_arguments", client.sessions.authenticate());
});

test("a session is exchanged where an External connection allows it", async () => {
  await signIn(customer.partner_saml);
  const { session_token } = await signIn(customer.saml);
  const { partner, owner } = customer;
  const there = await client.sessions.exchange({ organization_id: partner, session_token });
  assert.equal(there.organization.organization_id, partner);
  const back = await client.sessions.exchange({
    organization_id: owner,
    session_token: there.session_token,
  });
  assert.ok(!back.member_authenticated);
  assert.equal(back.member_session, null);
  assert.ok(back.primary_required.allowed_auth_methods.includes("sso"));
});

// --- local answers ----------------------------------------------------------------------------------

test("a session JWT is verified without the server", async () => {
  const done = await signIn(customer.saml, { session_custom_claims: { plan: "gold" } });
  const jwt = done.session_jwt;
  const session = await client.verifySession(jwt);
  for (const name of ["member_session_id", "member_id", "organization_id", "expires_at", "roles"])
    assert.deepEqual(session[name], done.member_session[name]);
  assert.deepEqual(session.custom_claims, { plan: "gold", department: "Research" });
  assert.equal(session.authentication_factors[0].type, "sso");
  await assert.rejects(client.verifySession(jwt, { maxAge: 0 }), SessionJwtExpired);
  // Too old for the caller, who lets the server be asked.
  const asked = await client.verifySession(jwt, { maxAge: 0, ask: true });
  assert.equal(asked.member_session_id, session.member_session_id);
  await client.sessions.revoke({ session_jwt: jwt });
  // Verification needs no server: it stands until it expires, unless one asks.
  assert.deepEqual(await client.verifySession(jwt), session);
  await assert.rejects(client.verifySession(jwt, { maxAge: 0, ask: true }), NotFound);
  const [head, body, signature] = jwt.split(".");
  const forged = `${head}.${body}.${[...signature].reverse().join("")}`;
  await assert.rejects(client.verifySession(forged, { ask: true }), SessionInvalid);
});

test("rights are checked without the server", async () => {
  const { session_jwt } = await signIn(customer.saml);
  const session = await client.verifySession(session_jwt);
  assert.deepEqual(await client.requirePermission(session, "documents", "write"), ["editor"]);
  const refusedWith = (code) => (error) => error instanceof Forbidden && error.code === code;
  await assert.rejects(
    client.requirePermission(session, "documents", "publish"),
    refusedWith("session_authorization_error"),
  );
  const organizationId = customer.partner;
  await assert.rejects(
    client.requirePermission(session, "documents", "write", { organizationId }),
    refusedWith("session_authorization_tenancy_error"),
  );
});

// --- organizations, members, connections, roles -----------------------------------------------------

test("organizations and members", async () => {
  const organization_id = await newOrganization("kept", { trusted_metadata: { tier: "gold" } });
  const kept = await client.organizations.get({ organization_id });
  assert.deepEqual(kept.organization.trusted_metadata, { tier: "gold" });
  const renamed = { organization_id, organization_name: "Renamed" };
  const changed = await client.organizations.update(renamed);
  assert.equal(changed.organization.organization_name, "Renamed");
  const operands = [{ filter_name: "organization_ids", filter_value: [organization_id] }];
  const found = await client.organizations.search({ query: { operator: "AND", operands } });
  assert.deepEqual(found.organizations.map((one) => one.organization_id), [organization_id]);
  const grace = { organization_id, email_address: "grace@kept.example" };
  const made = await client.organizations.members.create({ ...grace, roles: ["viewer"] });
  const twice = client.organizations.members.create(grace);
  await refused(Conflict, 400, "duplicate_member_email", twice);
  const { member } = await client.organizations.members.get(grace);
  assert.deepEqual(member, made.member);
  const { member_id } = member;
  const named = await client.organizations.members.update({
    organization_id,
    member_id,
    name: "Grace",
  });
  assert.equal(named.member.name, "Grace");
  const page = await client.organizations.members.search({
    organization_ids: [organization_id],
    limit: 1,
  });
  assert.equal(page.results_metadata.total, 1);
  await client.organizations.members.delete({ organization_id, member_id });
  const gone = await client.organizations.members.dangerouslyGet({
    member_id,
    include_deleted: true,
  });
  assert.equal(gone.member.status, "deleted");
  await client.organizations.delete({ organization_id });
  const missing = client.organizations.get({ organization_id });
  await refused(NotFound, 404, "organization_not_found", missing);
});

test("connections", async () => {
  const organization_id = await newOrganization("connections");
  const made = await client.sso.saml.createConnection({ organization_id, identity_provider: "okta" });
  const { connection_id } = made.connection;
  assert.match(made.connection.acs_url, new RegExp(`/v1/b2b/sso/callback/${connection_id}$`));
  const shared = await client.sso.external.createConnection({
    organization_id,
    external_organization_id: customer.owner,
    external_connection_id: customer.saml,
  });
  const listed = await client.sso.getConnections({ organization_id });
  assert.deepEqual(listed.saml_connections.map((one) => one.connection_id), [connection_id]);
  assert.deepEqual(
    listed.external_connections.map((one) => one.connection_id),
    [shared.connection.connection_id],
  );
  const which = { organization_id, connection_id };
  await client.sso.deleteConnection(which);
  await refused(NotFound, 404, "sso_connection_not_found", client.sso.deleteConnection(which));
});

test("policies", async () => {
  const { policy } = await client.rbac.policy();
  assert.ok(policy.roles.some((role) => role.role_id === "editor"));
  const organization_id = await newOrganization("policy");
  const permissions = [{ resource_id: "documents", actions: ["publish"] }];
  const roles = [{ role_id: "own-role", description: "", permissions }];
  const { organizations } = client.rbac;
  await organizations.setOrgPolicy({ organization_id, org_policy: { roles } });
  const kept = await organizations.getOrgPolicy({ organization_id });
  assert.deepEqual(kept.org_policy.roles, roles);
});

test("calls on behalf of a member", async () => {
  const done = await signIn(customer.oidc);
  const { owner: organization_id, partner } = customer;
  const { member_id } = done;
  const asMember = { sessionToken: done.session_token, sessionJwt: done.session_jwt };
  const search = () =>
    client.organizations.members.search({ organization_ids: [organization_id] }, { asMember });
  await refused(Forbidden, 403, "session_authorization_error", search());
  const who = { organization_id, member_id };
  await client.organizations.members.update({ ...who, roles: ["stytch_admin"] });
  assert.ok((await search()).results_metadata.total >= 1);
  const elsewhere = client.sso.getConnections({ organization_id: partner }, { asMember });
  await refused(Forbidden, 403, "session_authorization_tenancy_error", elsewhere);
  await client.organizations.members.update({ ...who, roles: [] });
  await client.sessions.revoke({ session_token: done.session_token }, { asMember });
  await refused(NotFound, 404, "session_not_found", search());
});

// --- errors -----------------------------------------------------------------------------------------

test("wrong credentials are told apart from a missing server", async () => {
  const organization = { organization_id: "northwind" };
  const stranger = new Vestibule({ ...plainCredentials(), secret: "secret-test-wrong" });
  await assert.rejects(
    stranger.organizations.get(organization),
    (error) => error instanceof Unauthenticated && error.code === "unauthorized_credentials",
  );
  // Nobody listens there; to port 9 Node's fetch would not even go.
  const nowhere = { ...plainCredentials(), baseUrl: "http://127.0.0.1:2" };
  const lost = new Vestibule(nowhere, { retries: 1 });
  await assert.rejects(
    lost.organizations.get(organization),
    (error) => error instanceof NoAnswer && !error.sent,
  );
});

function plainCredentials() {
  return readCredentials(process.env.VESTIBULE_CREDENTIALS);
}

for (const hostile of ["a/../search", "northwind?x=", "%2e%2e", "northwind/members"])
  test(`an organization that is called like a path leads nowhere else: ${hostile}`, async () => {
    await assert.rejects(client.organizations.get({ organization_id: hostile }), NotFound);
  });

test("many who verify at once fetch the keys once", async () => {
  const asked = [];
  const counting = new Vestibule(plainCredentials(), {
    fetch: (url, request) => {
      asked.push(new URL(url).pathname);
      return fetch(url, request);
    },
  });
  const { session_jwt, member_id } = await signIn(customer.saml);
  const verified = Array.from({ length: 8 }, () => counting.verifySession(session_jwt));
  const found = await Promise.all(verified);
  assert.deepEqual(new Set(found.map((session) => session.member_id)), new Set([member_id]));
  assert.deepEqual(asked, [`/v1/b2b/sessions/jwks/${credentials.projectId}`]);
});
