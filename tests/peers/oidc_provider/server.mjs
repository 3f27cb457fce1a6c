// The OpenID Provider of the tests: panva's oidc-provider, with the people and the login page
// that a provider needs and a library cannot bring.
//
// Started by __init__.py beside this file, configured by one environment variable in JSON:
//   issuer             its own address, http on loopback
//   modules            the folder where oidc-provider is installed
//   people             [{sub, password, email, email_verified, name, ...}]: subject and claims
//   clients            static clients; others come by dynamic registration (RFC 7591)
//   access_token_ttl   in seconds
//   rotate             rotate refresh tokens: a used one is worthless
//   claims_in_id_token put the claims of the scopes into the ID token too
//
// PKCE (S256) is required. A login_hint that names somebody signs them in without a form.
// PUT /people/:sub changes what the provider says about a person from then on.
// POST /keys puts new signing keys in the place of the old ones, which are gone at once; with
// ?keep they stay published, for what was signed before.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const config = JSON.parse(process.env.OIDC_PROVIDER_CONFIG);
const installed = createRequire(join(config.modules, "none.js"));
const { Provider } = await import(pathToFileURL(installed.resolve("oidc-provider")).href);

const people = new Map(config.people.map((person) => [person.sub, person]));

function findPerson(name) {
  for (const person of people.values()) {
    if (name === person.sub || name === person.email) return person;
  }
  return undefined;
}

function privateJwk(type, options, extra) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), use: "sig", ...extra };
}

let generation = 0;

function newKeys() {
  generation += 1;
  return [
    privateJwk("rsa", { modulusLength: 2048 }, { kid: `rsa-${generation}` }),
    privateJwk("ec", { namedCurve: "P-256" }, { kid: `ec-${generation}` }),
  ];
}

const cookieKey = randomBytes(16).toString("hex");
let keys = newKeys();

// What was issued lies in one store for all instances, so that a new instance with other keys
// goes on where the old one stopped.
const stored = new Map();

class OneStore {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload) {
    stored.set(`${this.model}:${id}`, payload);
  }

  async find(id) {
    return stored.get(`${this.model}:${id}`);
  }

  async findByUid(uid) {
    for (const [key, payload] of stored) {
      if (key.startsWith(`${this.model}:`) && payload.uid === uid) return payload;
    }
    return undefined;
  }

  async consume(id) {
    stored.get(`${this.model}:${id}`).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    stored.delete(`${this.model}:${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
  }
}

let provider;
let handle;

function configuration() {
  return {
    adapter: OneStore,
    clients: config.clients,
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name", "given_name", "family_name"],
      groups: ["groups", "department"],
    },
    scopes: ["openid", "email", "profile", "groups", "offline_access"],
    conformIdTokenClaims: !config.claims_in_id_token,
    cookies: { keys: [cookieKey] },
    enabledJWA: {
      idTokenSigningAlgValues: ["RS256", "PS256", "ES256"],
      userinfoSigningAlgValues: ["RS256", "PS256", "ES256"],
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      jwtUserinfo: { enabled: true },
      registration: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: false },
    },
    findAccount(_ctx, sub) {
      if (!people.has(sub)) return undefined;
      return {
        accountId: sub,
        claims() {
          const { password: _password, ...claims } = people.get(sub);
          return claims;
        },
      };
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    jwks: { keys },
    pkce: { required: () => true },
    rotateRefreshToken: () => config.rotate,
    ttl: {
      AccessToken: config.access_token_ttl,
      AuthorizationCode: 60,
      Grant: 86400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86400,
      Session: 86400,
    },
  };
}

function start() {
  provider = new Provider(config.issuer, configuration());
  provider.on("server_error", (_ctx, error) => console.error("server_error", error));
  for (const event of ["authorization.error", "grant.error", "userinfo.error", "registration_create.error"]) {
    provider.on(event, (_ctx, error) => console.error(event, error.message, error.error_detail ?? ""));
  }
  provider.use(interact);
  handle = provider.callback();
}

function page(uid, step, fields) {
  return `<!doctype html><title>Sign in</title>
<form method="post" action="/interaction/${uid}/${step}">${fields}<button>Continue</button></form>`;
}

const loginFields = `<label>Name <input name="login" required></label>
<label>Password <input name="password" type="password" required></label>`;
const consentFields = `<input type="hidden" name="consent" value="yes">`;

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function finish(ctx, result) {
  await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
  ctx.respond = false;
}

async function consent(ctx, interaction) {
  const { grantId, params, prompt, session } = interaction;
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingOIDCClaims } = prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(" "));
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
  await finish(ctx, { consent: grantId ? {} : { grantId: await grant.save() } });
}

async function interact(ctx, next) {
  const [, area, name, step] = ctx.path.split("/");

  if (area === "keys" && ctx.method === "POST") {
    const old = "keep" in ctx.query ? keys : [];
    keys = [...newKeys(), ...old];
    start();
    ctx.status = 204;
    return;
  }

  if (area === "people" && ctx.method === "PUT") {
    const person = people.get(name);
    if (!person) {
      ctx.status = 404;
      return;
    }
    people.set(name, { ...person, ...JSON.parse(await readBody(ctx.req)), sub: name });
    ctx.status = 204;
    return;
  }
  if (area !== "interaction") {
    await next();
    return;
  }

  const interaction = await provider.interactionDetails(ctx.req, ctx.res);
  const { params, prompt, uid } = interaction;
  const hinted = findPerson(params.login_hint);

  if (prompt.name === "login" && ctx.method === "GET") {
    if (hinted) await finish(ctx, { login: { accountId: hinted.sub } });
    else ctx.body = page(uid, "login", loginFields);
  } else if (prompt.name === "login" && step === "login") {
    const typed = new URLSearchParams(await readBody(ctx.req));
    const person = findPerson(typed.get("login"));
    if (person && person.password === typed.get("password")) {
      await finish(ctx, { login: { accountId: person.sub } });
    } else {
      ctx.status = 403;
      ctx.body = page(uid, "login", loginFields);
    }
  } else if (prompt.name === "consent" && ctx.method === "GET" && !hinted) {
    ctx.body = page(uid, "consent", consentFields);
  } else if (prompt.name === "consent") {
    await consent(ctx, interaction);
  } else {
    ctx.status = 400;
    ctx.body = `unexpected ${ctx.method} in prompt ${prompt.name}`;
  }
}

start();
const { hostname, port } = new URL(config.issuer);
createServer((request, response) => handle(request, response)).listen(Number(port), hostname, () =>
  console.log(`listening on ${config.issuer}`),
);
