// Sign in by organization, a page for those who are signed in, a part of it that needs a permission,
// and the way over to another organization.

import { Vestibule, type models } from "@vestibule-sso/browser";
import { AdminPortal, Protect, VestibuleProvider, useSession } from "@vestibule-sso/react";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

// Put in by serve.mjs.
declare const VESTIBULE_URL: string;
declare const PUBLIC_TOKEN: string;

const COMPANIES = ["northwind", "northwind-labs"];

const client = new Vestibule({ baseUrl: VESTIBULE_URL, publicToken: PUBLIC_TOKEN });

function App() {
  return (
    <VestibuleProvider client={client}>
      <Protect otherwise={<SignIn />}>
        <Desk />
      </Protect>
    </VestibuleProvider>
  );
}

function SignIn() {
  const state = useSession();
  const companies = useCompanies();
  return (
    <main>
      <h1>Sign in</h1>
      {state.status === "signed-out" && state.error ? <p role="alert">{String(state.error)}</p> : null}
      <ul>
        {companies.flatMap((company) =>
          company.sso_active_connections.map(({ connection_id, display_name }) => (
            <li key={connection_id}>
              <button onClick={() => void client.login({ connection_id })}>
                {company.organization_name}: {display_name}
              </button>
            </li>
          )),
        )}
      </ul>
    </main>
  );
}

function Desk() {
  const state = useSession();
  const companies = useCompanies();
  if (state.status !== "signed-in") return null;
  const { organization, session } = state;
  return (
    <main>
      <h1>You are in {organization.organization_slug}</h1>
      <p>Your roles: {session.roles.join(", ")}</p>
      <Protect
        permission={{ resourceId: "documents", action: "write" }}
        refused={<p>You may read documents, and not write them.</p>}
      >
        <button>Write a document</button>
      </Protect>
      {companies
        .filter((company) => company.organization_id !== organization.organization_id)
        .map((company) => (
          <button key={company.organization_id} onClick={() => goOver(company)}>
            Go over to {company.organization_name}
          </button>
        ))}
      <button onClick={() => void client.signOut()}>Sign out</button>
      <h2>Connections</h2>
      <AdminPortal />
    </main>
  );
}

function goOver({ organization_id, sso_active_connections }: models.PublicOrganization): void {
  // Where the session does not suffice, this is a login through that connection.
  const connection_id = sso_active_connections[0]?.connection_id;
  void client.switchOrganization({ organization_id, connection_id });
}

function useCompanies(): models.PublicOrganization[] {
  const [companies, setCompanies] = useState<models.PublicOrganization[]>([]);
  useEffect(() => {
    const asked = COMPANIES.map((slug) =>
      client.organization.getBySlug({ organization_slug: slug }),
    );
    void Promise.all(asked).then((found) =>
      setCompanies(found.flatMap(({ organization }) => organization ?? [])),
    );
  }, []);
  return companies;
}

createRoot(document.body.appendChild(document.createElement("div"))).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
