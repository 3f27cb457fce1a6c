// `<vestibule-admin-portal>`: where a member administers the connections of their organization.
// Owns the element and when it looks again. Shows the connections that there are; knows no page
// around it, and decides nothing that the server does not decide as well.

import { Forbidden, type models } from "@vestibule-sso/core";

import { ssoGetConnections } from "./api/operations.js";
import type { Page } from "./page.js";

/** The element, as pages hold it. */
export interface AdminPortalElement extends HTMLElement {
  /** Whose session it is; set it before or after the element stands in the page. */
  client: Page | undefined;
}

declare global {
  interface HTMLElementTagNameMap {
    "vestibule-admin-portal": AdminPortalElement;
  }
}

const SENTENCES = {
  loading: "Loading…",
  "signed-out": "Sign in to see the connections of your organization.",
  forbidden: "Your roles do not let you see connections. Ask who looks after your organization.",
  failed: "The connections could not be loaded.",
  none: "There are no connections yet.",
};

/** Make `<vestibule-admin-portal>` known to the page; the second time does nothing. */
export function defineAdminPortal(name = "vestibule-admin-portal"): void {
  if (customElements.get(name)) return;
  // Made here: there is no HTMLElement where pages are rendered by a server.
  class Portal extends HTMLElement implements AdminPortalElement {
    readonly #root = this.attachShadow({ mode: "open" });
    #client: Page | undefined;
    #leave: (() => void) | undefined;
    #turn = 0;

    get client(): Page | undefined {
      return this.#client;
    }

    set client(client: Page | undefined) {
      this.#client = client;
      if (this.isConnected) this.connectedCallback();
    }

    connectedCallback(): void {
      this.#leave?.();
      this.#leave = this.#client?.subscribe(() => void this.#look());
      void this.#client?.start();
      void this.#look();
    }

    disconnectedCallback(): void {
      this.#leave?.();
      this.#leave = undefined;
    }

    async #look(): Promise<void> {
      const turn = ++this.#turn;
      const content = await this.#content();
      // What was asked for before the last change is no longer of interest.
      if (turn === this.#turn) this.#root.replaceChildren(content);
    }

    async #content(): Promise<Node> {
      const status = this.#client?.state.status ?? "loading";
      if (!this.#client || status !== "signed-in")
        return sentence(status === "signed-in" ? "loading" : status);
      try {
        const found = await this.#client.call(ssoGetConnections, {});
        return list(found);
      } catch (error) {
        return sentence(error instanceof Forbidden ? "forbidden" : "failed");
      }
    }
  }
  customElements.define(name, Portal);
}

function list(found: models.Connections): Node {
  const items = (["saml", "oidc", "external"] as const).flatMap((kind) =>
    found[`${kind}_connections`].map((connection) => {
      const item = element("li", `${connection.display_name || connection.connection_id} `);
      item.append(element("small", `${kind}, ${connection.status}`));
      return item;
    }),
  );
  if (!items.length) return sentence("none");
  const made = element("ul");
  made.append(...items);
  return made;
}

function sentence(which: keyof typeof SENTENCES): Node {
  const made = element("p", SENTENCES[which]);
  made.setAttribute("role", "status");
  return made;
}

function element(tag: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.part.add(tag);
  made.textContent = text;
  return made;
}
