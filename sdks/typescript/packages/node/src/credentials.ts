// Where a server is and how a program shows who it is: given, or read from a file or the
// environment.

import { readFileSync } from "node:fs";

/** Of one project. */
export interface Credentials {
  readonly baseUrl: string;
  readonly projectId: string;
  readonly secret: string;
  /** To begin logins; not secret. */
  readonly publicToken?: string | undefined;
  /** For `client.management`; the project's own secret does as well. */
  readonly workspaceKey?: { readonly id: string; readonly secret: string } | undefined;
}

/** The `credentials.json` that `vestibule dev` writes. */
export function readCredentials(file: string | URL): Credentials {
  const told = JSON.parse(readFileSync(file, "utf8")) as Record<string, string | undefined>;
  const need = (name: string) => needed(told[name], `${name} in ${String(file)}`);
  const [id, secret] = [told["workspace_key_id"], told["workspace_key_secret"]];
  return {
    baseUrl: need("base_url"),
    projectId: need("project_id"),
    secret: need("secret"),
    publicToken: told["public_token"],
    workspaceKey: id && secret ? { id, secret } : undefined,
  };
}

/** VESTIBULE_URL, VESTIBULE_PROJECT_ID, VESTIBULE_SECRET, and VESTIBULE_PUBLIC_TOKEN. */
export function credentialsFromEnvironment(): Credentials {
  const need = (name: string) => needed(process.env[name], name);
  return {
    baseUrl: need("VESTIBULE_URL"),
    projectId: need("VESTIBULE_PROJECT_ID"),
    secret: need("VESTIBULE_SECRET"),
    publicToken: process.env["VESTIBULE_PUBLIC_TOKEN"],
  };
}

function needed(value: string | undefined, name: string): string {
  if (!value) throw new TypeError(`there is no ${name}`);
  return value;
}
