// Vestibule for Node.js: the API as typed methods, sessions verified on the spot, and a door for web
// applications.

export {
  ApiError,
  type AsMember,
  type CallOptions,
  Conflict,
  Forbidden,
  InvalidRequest,
  type LoginOptions,
  type LoginStart,
  Misconfigured,
  NoAnswer,
  NotFound,
  OidcError,
  ProtocolError,
  SamlError,
  ServerError,
  TooManyRequests,
  Unauthenticated,
  UnreadableAnswer,
  UpstreamError,
  VestibuleError,
  grantingRoles,
  type models,
} from "@vestibule-sso/core";
export * from "./client.js";
export * from "./credentials.js";
export * from "./door.js";
export * from "./http.js";
export * from "./mapping.js";
export * from "./session_jwt.js";
export type { Fresh, VerifyOptions } from "./verification.js";
