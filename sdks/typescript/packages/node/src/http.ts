// The door for Express, Connect and plain `node:http`: puts the session where handlers find it.
// Knows no framework beyond `(request, response, next)`.

import type { IncomingMessage, ServerResponse } from "node:http";

import { Forbidden } from "@vestibule-sso/core";

import type { Vestibule } from "./client.js";
import { Door, type DoorOptions, type Reply, type Visit } from "./door.js";
import type { Session } from "./session_jwt.js";

export type Next = (error?: unknown) => void;
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

interface Seen {
  readonly client: Vestibule;
  readonly door: Door;
  readonly visit: Visit;
  readonly session: Session | undefined;
}

// Beside the request and not in it: nothing that comes with a request can get in here.
const SEEN = new WeakMap<IncomingMessage, Seen>();

/** The middleware; put it before everything that asks who is there. */
export function vestibule(client: Vestibule, options?: DoorOptions): Middleware {
  const door = new Door(client, options);
  return (request, response, next) => {
    const visit = visitOf(request);
    door.answer(visit).then((found) => {
      if ("status" in found) {
        reply(response, found);
        return;
      }
      for (const cookie of found.cookies ?? []) response.appendHeader("set-cookie", cookie);
      SEEN.set(request, { client, door, visit, session: found.session });
      next();
    }, next);
  };
}

/** The session of the request, or undefined. */
export function findSession(request: IncomingMessage): Session | undefined {
  return seen(request).session;
}

/** The session of the request, behind `sessionRequired` or `permissionRequired`. */
export function currentSession(request: IncomingMessage): Session {
  const session = findSession(request);
  if (!session) throw new TypeError("nobody is signed in: put sessionRequired before this handler");
  return session;
}

/** Lets only those in who are signed in; others are sent to the sign-in, or get 401. */
export const sessionRequired: Middleware = (request, response, next) => {
  const { door, visit, session } = seen(request);
  if (session) {
    next();
    return;
  }
  const location = door.wayIn(visit);
  reply(response, location ? { status: 303, location } : { status: 401, text: "Sign in first." });
};

/** Lets only those in whose roles grant the action; others get 403. */
export function permissionRequired(resourceId: string, action: string): Middleware {
  return (request, response, next) => {
    sessionRequired(request, response, () => {
      const { client, session } = seen(request);
      client.requirePermission(session!, resourceId, action).then(
        () => next(),
        (error: unknown) => {
          if (error instanceof Forbidden) reply(response, { status: 403, text: String(error) });
          else next(error);
        },
      );
    });
  };
}

function seen(request: IncomingMessage): Seen {
  const found = SEEN.get(request);
  if (!found) throw new TypeError("put the middleware vestibule(client) before this handler");
  return found;
}

function reply(response: ServerResponse, { status, location, text = "", cookies = [] }: Reply) {
  response.statusCode = status;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.setHeader("cache-control", "no-store");
  if (location) response.setHeader("location", location);
  for (const cookie of cookies) response.appendHeader("set-cookie", cookie);
  response.end(text);
}

/** What a request shows. Express knows what a trusted proxy says of the scheme. */
function visitOf(request: IncomingMessage & { originalUrl?: string; protocol?: string }): Visit {
  const target = request.originalUrl ?? request.url ?? "/";
  const [path = "", ...query] = target.split("?");
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );
  return {
    method: request.method ?? "GET",
    path: decodedPath(path),
    query: new URLSearchParams(query.join("?")),
    headers,
    scheme: request.protocol ?? ("encrypted" in request.socket ? "https" : "http"),
  };
}

function decodedPath(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
