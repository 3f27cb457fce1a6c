// What the SDKs share. A product imports `@vestibule-sso/node` or `@vestibule-sso/browser`.

export * from "./calls.js";
export * from "./errors.js";
export * from "./pkce.js";
export * from "./rbac.js";
export type * as models from "./models.js";
