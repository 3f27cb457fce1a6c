// `<vestibule-admin-portal>`: where a member administers the connections of their organization.
// Owns the frame that the portal stands in, how it is opened and what is heard from it. The portal's
// pages are the server's; this page never sees what is typed there, nor the visit's cookie.

import { Forbidden, VestibuleError } from "@vestibule-sso/core";

import { adminPortalToken } from "./api/operations.js";
import type { Page } from "./page.js";

export type PortalScope = "sso" | "domain_verification";

/** The element, as pages hold it. It fires `vestibule-page` with `detail.path` at each page in it. */
export interface AdminPortalElement extends HTMLElement {
  /** Whose session it is; set it before or after the element stands in the page. */
  client: Page | undefined;
  /** Instead of a client: a token that the product's server asked for, which opens the portal once.
   * The attribute `base-url` then says where Vestibule is. */
  token: string | undefined;
}

declare global {
  interface HTMLElementTagNameMap {
    "vestibule-admin-portal": AdminPortalElement;
  }
}

const SENTENCES = {
  loading: "Loading…",
  "signed-out": "Sign in to see the connections of your organization.",
  forbidden: "Your roles do not let you set up connections. Ask who looks after your organization.",
  failed: "The portal could not be opened.",
};
// Without leave to go elsewhere with the whole page, to print, or to hold the pointer.
const SANDBOX =
  "allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox";
/** How long the portal may say nothing before it counts as not opened, in milliseconds. */
const PATIENCE = 15_000;
let frames = 0;

/** Make `<vestibule-admin-portal>` known to the page; the second time does nothing. */
export function defineAdminPortal(name = "vestibule-admin-portal"): void {
  if (customElements.get(name)) return;
  // Made here: there is no HTMLElement where pages are rendered by a server.
  class Portal extends HTMLElement implements AdminPortalElement {
    #client: Page | undefined;
    #token: string | undefined;
    #leave: (() => void) | undefined;
    #turn = 0;
    #frame: HTMLIFrameElement | undefined;
    #opened = "";
    #silence: ReturnType<typeof setTimeout> | undefined;

    get client(): Page | undefined {
      return this.#client;
    }

    set client(client: Page | undefined) {
      this.#client = client;
      if (this.isConnected) this.connectedCallback();
    }

    get token(): string | undefined {
      return this.#token;
    }

    set token(token: string | undefined) {
      this.#token = token;
      if (this.isConnected) void this.#look();
    }

    connectedCallback(): void {
      addEventListener("message", this.#hear);
      this.#leave?.();
      this.#leave = this.#client?.subscribe(() => void this.#look());
      void this.#client?.start();
      void this.#look();
    }

    disconnectedCallback(): void {
      removeEventListener("message", this.#hear);
      this.#leave?.();
      this.#leave = undefined;
      this.#close();
    }

    async #look(): Promise<void> {
      const turn = ++this.#turn;
      if (this.#token) {
        this.#open(this.getAttribute("base-url") ?? "", this.#token);
        this.#token = undefined;
        return;
      }
      const state = this.#client?.state;
      if (!this.#client || !state) {
        if (!this.#frame) this.#say("loading");
        return;
      }
      if (state.status !== "signed-in") {
        this.#close();
        this.#say(state.status);
        return;
      }
      // A session that was carried on is the same visit; another person's is not.
      const whose = `${state.member.member_id} ${state.session.roles.join(" ")}`;
      if (whose === this.#opened) return;
      this.#close();
      this.#say("loading");
      try {
        const scopes = (this.getAttribute("scopes") ?? "sso").split(/\s+/) as PortalScope[];
        const found = await this.#client.call(adminPortalToken, { origin: location.origin, scopes });
        // What was asked for before the last change is no longer of interest.
        if (turn !== this.#turn) return;
        this.#open(this.#client.options.baseUrl, found.portal_token);
        this.#opened = whose;
      } catch (error) {
        if (turn !== this.#turn) return;
        this.#opened = whose;
        this.#say(error instanceof Forbidden ? "forbidden" : "failed");
        if (error instanceof VestibuleError)
          this.dispatchEvent(new CustomEvent("vestibule-error", { detail: error }));
      }
    }

    /** Post the token into a new frame: it stands in no address, so in no history and no log. */
    #open(baseUrl: string, token: string): void {
      const frame = document.createElement("iframe");
      frame.name = `vestibule-portal-${++frames}`;
      frame.title = this.getAttribute("frame-title") ?? "Set up single sign-on";
      frame.style.cssText = "display: block; width: 100%; min-height: 20rem; border: 0";
      const form = document.createElement("form");
      form.method = "post";
      form.target = frame.name;
      form.action = new URL("/embedded/open", baseUrl || location.href).href;
      form.hidden = true;
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = "token";
      input.value = token;
      form.append(input);
      this.replaceChildren(frame, form);
      // From its next document on, the first of which is the portal's.
      frame.setAttribute("sandbox", SANDBOX);
      this.#frame = frame;
      // A page that may not stand here stays blank, and says nothing.
      this.#silence = setTimeout(() => {
        this.#frame = undefined;
        this.#say("failed");
      }, PATIENCE);
      form.submit();
      form.remove();
    }

    #close(): void {
      clearTimeout(this.#silence);
      this.#frame = undefined;
      this.#opened = "";
      this.replaceChildren();
    }

    /** Only the frame of this element is listened to, and only while it shows the portal. */
    readonly #hear = (event: MessageEvent): void => {
      const frame = this.#frame;
      const base = this.#client?.options.baseUrl ?? this.getAttribute("base-url") ?? "";
      if (!frame || event.source !== frame.contentWindow) return;
      if (event.origin !== new URL(base, location.href).origin) return;
      clearTimeout(this.#silence);
      const { type, height, path } = (event.data ?? {}) as Record<string, unknown>;
      if (type === "vestibule:height" && typeof height === "number" && height > 0 && height < 1e5)
        frame.style.height = `${Math.ceil(height)}px`;
      else if (type === "vestibule:page" && typeof path === "string")
        this.dispatchEvent(new CustomEvent("vestibule-page", { detail: { path } }));
    };

    #say(which: keyof typeof SENTENCES): void {
      const made = document.createElement("p");
      made.setAttribute("role", "status");
      made.textContent = SENTENCES[which];
      this.replaceChildren(made);
    }
  }
  customElements.define(name, Portal);
}
