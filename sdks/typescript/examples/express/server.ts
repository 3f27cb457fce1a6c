// Sign in by organization, a page for those who are signed in, one that needs a permission, and the
// way over to another organization.

import { parseArgs } from "node:util";

import {
  Vestibule,
  currentSession,
  findSession,
  permissionRequired,
  readCredentials,
  sessionRequired,
  vestibule,
} from "@vestibule-sso/node";
import express from "express";

const COMPANIES = ["northwind", "northwind-labs"];

const { values: chosen } = parseArgs({
  options: {
    credentials: { type: "string", default: "../../.vestibule/credentials.json" },
    port: { type: "string", default: "3000" },
  },
});
const client = new Vestibule(readCredentials(chosen.credentials));

const app = express();
app.use(vestibule(client, { home: "/desk", signIn: "/" }));

app.get("/", async (request, response) => {
  if (findSession(request)) {
    response.send(page("You are signed in", '<a href="/desk">To your desk</a>'));
    return;
  }
  const next = String(request.query["next"] ?? "/desk");
  const companies = await Promise.all(COMPANIES.map(company));
  const links = companies.flatMap((one) =>
    one.sso_active_connections.map((door) => {
      const query = new URLSearchParams({ connection: door.connection_id, next });
      const name = escape(`${one.organization_name}: ${door.display_name}`);
      return `<li><a href="${escape(`/auth/login?${query}`)}">${name}</a></li>`;
    }),
  );
  response.send(page("Sign in", `<ul>${links.join("")}</ul>`));
});

app.get("/desk", sessionRequired, async (request, response) => {
  const session = currentSession(request);
  const companies = await Promise.all(COMPANIES.map(company));
  const others = companies
    .filter((one) => one.organization_id !== session.organization_id)
    .map((one) => {
      // Where the session does not suffice, this is a login through that connection.
      const connection = one.sso_active_connections[0]?.connection_id ?? "";
      const query = new URLSearchParams({ organization: one.organization_slug, connection });
      return button(`/auth/switch?${query}`, `Go over to ${one.organization_name}`);
    });
  const content = `<p>Your roles: ${escape(session.roles.join(", "))}</p>
    <a href="/documents/new">Write a document</a>${others.join("")}${button("/auth/logout", "Sign out")}`;
  response.send(page(`You are in ${session.organization_slug}`, content));
});

app.get("/documents/new", permissionRequired("documents", "write"), (request, response) => {
  const { organization_slug } = currentSession(request);
  response.send(page("You may write", `<p>In ${escape(organization_slug)}</p>`));
});

app.listen(Number(chosen.port), "127.0.0.1");

async function company(slug: string) {
  return (await client.organizations.get({ organization_id: slug })).organization;
}

function page(title: string, content: string): string {
  return `<!doctype html><title>${escape(title)}</title><h1>${escape(title)}</h1>${content}`;
}

function button(action: string, label: string): string {
  return `<form method="post" action="${escape(action)}"><button>${escape(label)}</button></form>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
