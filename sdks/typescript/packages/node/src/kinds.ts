// The class of each code. A code that a newer server invented is judged by its status.

import {
  type ApiErrorClass,
  Conflict,
  Forbidden,
  InvalidRequest,
  Misconfigured,
  NotFound,
  OidcError,
  SamlError,
  Unauthenticated,
  UpstreamError,
  kindOfStatus,
} from "@vestibule-sso/core";

import { KIND_OF } from "./api/codes.js";

const KINDS: Readonly<Record<(typeof KIND_OF)[keyof typeof KIND_OF], ApiErrorClass>> = {
  Conflict,
  Forbidden,
  InvalidRequest,
  Misconfigured,
  NotFound,
  OidcError,
  SamlError,
  Unauthenticated,
  UpstreamError,
};

export function kindOf(code: string, status: number): ApiErrorClass {
  if (status === 429 || (status >= 500 && status !== 502) || !Object.hasOwn(KIND_OF, code))
    return kindOfStatus(code, status);
  return KINDS[KIND_OF[code as keyof typeof KIND_OF]];
}
