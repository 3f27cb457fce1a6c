// Where a page keeps its session. Knows names and values, and not what they mean.

/** Of three values: "session", "jwt" and, for the time of a login, "login". */
export interface Store {
  get(name: string): string | null;
  set(name: string, value: string): void;
  remove(name: string): void;
}

// Browsers drop a cookie beyond 4096 bytes.
const COOKIE_LIMIT = 3800;

/** Cookies of this host, which other tabs and the backend of the page see. They carry the names that
 * our middleware for backends gives them. Scripts of the page can read them. */
export function cookieStore(): Store {
  const secure = location.protocol === "https:";
  const key = (name: string) => `${secure ? "__Host-" : ""}vestibule_${name}`;
  const write = (name: string, value: string, more = "") => {
    document.cookie = `${key(name)}=${value}; Path=/; SameSite=Lax${secure ? "; Secure" : ""}${more}`;
  };
  const remove = (name: string) => write(name, "", "; Max-Age=0");
  return {
    get(name) {
      const start = `${key(name)}=`;
      const found = document.cookie.split("; ").find((pair) => pair.startsWith(start));
      return found?.slice(start.length) || null;
    },
    set(name, value) {
      if (value.length > COOKIE_LIMIT) remove(name);
      else write(name, value);
    },
    remove,
  };
}

/** Nothing outlives the page, but what a login needs to come back to it. */
export function memoryStore(): Store {
  const kept = new Map<string, string>();
  return {
    get: (name) => kept.get(name) ?? null,
    set: (name, value) => void kept.set(name, value),
    remove: (name) => void kept.delete(name),
  };
}
