// The first step of a login: the address to send a browser to, and the secret that ties the end of
// it to this program (RFC 7636). Does not know how the browser gets there.

/** Where a login begins: by organization (id, slug or external id) or by connection (wire §4.1). */
export interface LoginOptions {
  organization_id?: string | undefined;
  connection_id?: string | undefined;
  login_redirect_url?: string | undefined;
  signup_redirect_url?: string | undefined;
  custom_scopes?: string | undefined;
  /** For OpenID Connect, such as `{ login_hint: "ada@example.com" }`. */
  provider_parameters?: Readonly<Record<string, string>>;
}

/** Send the browser to `url`; keep `codeVerifier` out of sight of everybody but this browser: a
 * link with somebody else's token is refused by it. */
export interface LoginStart {
  readonly url: string;
  readonly codeVerifier: string;
}

/** Begin a login. Asks nobody. Throws a `TypeError` unless exactly one of organization and
 * connection is given. */
export async function startLogin(
  baseUrl: string,
  publicToken: string,
  { provider_parameters, ...where }: LoginOptions,
): Promise<LoginStart> {
  if (!where.organization_id === !where.connection_id)
    throw new TypeError("a login needs an organization or a connection, and not both");
  const codeVerifier = base64url(crypto.getRandomValues(new Uint8Array(48)));
  const query = new URLSearchParams({
    public_token: publicToken,
    pkce_code_challenge: await challengeOf(codeVerifier),
  });
  for (const [name, value] of Object.entries(where)) if (value != null) query.set(name, value);
  for (const [name, value] of Object.entries(provider_parameters ?? {}))
    query.set(`provider_${name}`, value);
  return { url: `${baseUrl}/v1/public/sso/start?${query}`, codeVerifier };
}

/** The challenge of a verifier, by SHA-256. */
export async function challengeOf(codeVerifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(codeVerifier));
  return base64url(new Uint8Array(digest));
}

function base64url(octets: Uint8Array): string {
  return btoa(String.fromCharCode(...octets))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
