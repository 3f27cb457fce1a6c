// Vestibule for pages. `Vestibule` has every method; `Page` is its part that signs people in and
// keeps the session, for who counts bytes: `page.call(operations.ssoGetConnections, {})`.

export {
  ApiError,
  type CallOptions,
  Conflict,
  Forbidden,
  InvalidRequest,
  type LoginOptions,
  NoAnswer,
  NotFound,
  ServerError,
  TooManyRequests,
  Unauthenticated,
  UnreadableAnswer,
  UpstreamError,
  VestibuleError,
  grantingRoles,
  type models,
} from "@vestibule-sso/core";
export * as operations from "./api/operations.js";
export * from "./client.js";
export * from "./page.js";
export * from "./storage.js";
