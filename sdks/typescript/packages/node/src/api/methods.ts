// One method for each operation.
// Written by `make api`; change the operations of the server, not this file.

import { type Caller, type MethodOf, bind } from "@vestibule-sso/core";
import * as o from "./operations.js";

export interface Methods {
  readonly audit: {
    /**
     * Search the audit log.
     *
     * The latest events first, of one organization or of the whole project: policy, JWT template,
     * redirect URLs and keys among them. Asking again with `next_cursor` until it is null carries all
     * of them away, each once, whatever is recorded meanwhile.
     *
     * POST /v1/b2b/audit/search
     * An extension to the wire.
     */
    search: MethodOf<typeof o.auditSearch>;
  };
  readonly branding: {
    /**
     * Get the project's branding.
     *
     * Logo, colour, corner, font and name of the portal, and who may put it into a frame. `accents`
     * are the colours that `light` and `dark` pages wear.
     *
     * GET /v1/b2b/branding
     * An extension to the wire.
     */
    get: MethodOf<typeof o.brandingGet>;
    /**
     * Get an organization's branding.
     *
     * What the organization has set itself; for the rest it wears what the project does.
     *
     * GET /v1/b2b/branding/{organization_id}
     * An extension to the wire.
     */
    getOrganization: MethodOf<typeof o.brandingGetOrganization>;
    /**
     * Set the project's branding.
     *
     * Every organization wears it but for what it has set itself. An accent that is hard to read
     * is kept as it was sent and worn darker or lighter.
     *
     * PUT /v1/b2b/branding
     * An extension to the wire.
     */
    set: MethodOf<typeof o.brandingSet>;
    /**
     * Set an organization's branding.
     *
     * Stands over the project's, field by field.
     *
     * PUT /v1/b2b/branding/{organization_id}
     * An extension to the wire.
     */
    setOrganization: MethodOf<typeof o.brandingSetOrganization>;
  };
  readonly discovery: {
    readonly intermediateSessions: {
      /**
       * Enter an organization by a proven address.
       *
       * Whoever is no member becomes one where the organization takes in the domain. Where e-mail is
       * no way to sign in, `primary_required` lists the ways; the intermediate session stays and is
       * sent along with the next proof.
       *
       * POST /v1/b2b/discovery/intermediate_sessions/exchange
       */
      exchange: MethodOf<typeof o.discoveryIntermediateSessionsExchange>;
    };
    readonly organizations: {
      /**
       * Make an organization of one's own.
       *
       * Whoever proved the address is its first member and holds `stytch_admin`. Without a name it
       * has that of the address's domain.
       *
       * POST /v1/b2b/discovery/organizations/create
       */
      create: MethodOf<typeof o.discoveryOrganizationsCreate>;
      /**
       * List the organizations that an address opens.
       *
       * Those of which the address is a member's, and those that it may join: they name its domain in
       * `email_allowed_domains`, with `email_jit_provisioning`, and have a member with a verified
       * address of it. By an intermediate session of a magic link for discovery, or by a session; a
       * session of SSO alone proves no address and lists its own organization.
       *
       * POST /v1/b2b/discovery/organizations
       */
      list: MethodOf<typeof o.discoveryOrganizationsList>;
    };
  };
  readonly magicLinks: {
    /**
     * Exchange the token of a link.
     *
     * Turns the `token` that came to the redirect URL into a session, once. The member is active
     * and their address verified from now on. When a second factor is required, there is no session
     * yet but an intermediate one.
     *
     * POST /v1/b2b/magic_links/authenticate
     */
    authenticate: MethodOf<typeof o.magicLinksAuthenticate>;
    readonly discovery: {
      /**
       * Exchange the token of a link for discovery.
       *
       * Returns an intermediate session of ten minutes and what the address opens: organizations of
       * which it is a member's, and those that it may join. Choose one with
       * `discovery/intermediate_sessions/exchange`, or make one with `discovery/organizations/create`.
       *
       * POST /v1/b2b/magic_links/discovery/authenticate
       */
      authenticate: MethodOf<typeof o.magicLinksDiscoveryAuthenticate>;
    };
    readonly email: {
      /**
       * Invite somebody by mail.
       *
       * Makes an invited member and sends a link that works for seven days. Whoever is pending or
       * invited already stays as they are and is sent a new link; an active member is refused. On behalf
       * of a member it is that member who invites.
       *
       * POST /v1/b2b/magic_links/email/invite
       * A member needs stytch.member:create.
       */
      invite: MethodOf<typeof o.magicLinksEmailInvite>;
      /**
       * Send a member a link to sign in.
       *
       * An active member is sent a link for logins; a pending or invited one a link for sign-ups, as
       * is whoever is no member yet where `email_jit_provisioning` takes in the domain. The link leads
       * to the redirect URL with `token` and `stytch_token_type=multi_tenant_magic_links`. It works
       * once, for an hour or as long as asked for (5 minutes to 7 days).
       *
       * POST /v1/b2b/magic_links/email/login_or_signup
       */
      loginOrSignup: MethodOf<typeof o.magicLinksEmailLoginOrSignup>;
    };
    readonly emailDiscovery: {
      /**
       * Send a link that proves an address.
       *
       * For somebody who does not say to which organization: the link leads to the redirect URL with
       * `token` and `stytch_token_type=discovery`. It is sent to whoever asks, member or not.
       *
       * POST /v1/b2b/magic_links/email/discovery/send
       */
      send: MethodOf<typeof o.magicLinksEmailDiscoverySend>;
    };
  };
  readonly management: {
    readonly jwtTemplates: {
      /**
       * Get the template of session JWTs.
       *
       * With a workspace key, or with the project's own id and secret. The only type is SESSION. The
       * text is as it was given, and empty where none was set.
       *
       * GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/jwt_templates/{jwt_template_type}
       */
      get: MethodOf<typeof o.managementJwtTemplatesGet>;
      /**
       * Set the template of session JWTs.
       *
       * The text is JSON whose values may be `{{ path }}`, quoted or not, with paths of member and
       * organization. The next JWT of every session shows it. `custom_audience` stands beside the
       * project's id in `aud`. An empty text takes the template away, no audience takes that away. A
       * refusal says line, column and claim.
       *
       * PUT /pwa/v3/projects/{project_slug}/environments/{environment_slug}/jwt_templates/{jwt_template_type}
       */
      set: MethodOf<typeof o.managementJwtTemplatesSet>;
    };
    readonly publicTokens: {
      /**
       * Create a public token.
       *
       * One more beside those that there are, which go on working.
       *
       * POST /pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens
       */
      create: MethodOf<typeof o.managementPublicTokensCreate>;
      /**
       * Delete a public token.
       *
       * Pages and logins that name it are refused from now on. The last one goes only with
       * `force`.
       *
       * DELETE /pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens/{public_token}
       */
      delete: MethodOf<typeof o.managementPublicTokensDelete>;
      /**
       * Get a public token.
       *
       * When it was made.
       *
       * GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens/{public_token}
       */
      get: MethodOf<typeof o.managementPublicTokensGet>;
      /**
       * List the public tokens.
       *
       * In the order of creation.
       *
       * GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens
       */
      getAll: MethodOf<typeof o.managementPublicTokensGetAll>;
    };
    readonly rbacPolicy: {
      /**
       * Get the policy for management.
       *
       * With a workspace key, or with the project's own id and secret.
       *
       * GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/rbac_policy
       */
      get: MethodOf<typeof o.managementRbacPolicyGet>;
      /**
       * Set the policy.
       *
       * Replaces the team's own roles and resources, and what the built-in roles grant beyond what
       * they always do: a part that is left out is empty afterwards, and a body without any part is
       * refused. Scopes are for tokens that are not issued here, so there can be none.
       *
       * PUT /pwa/v3/projects/{project_slug}/environments/{environment_slug}/rbac_policy
       */
      set: MethodOf<typeof o.managementRbacPolicySet>;
    };
    readonly redirectUrls: {
      /**
       * Register a redirect URL.
       *
       * An https URL, to the letter but for its query, that may receive tokens of these types. One
       * that is registered already is changed.
       *
       * POST /pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls
       */
      create: MethodOf<typeof o.managementRedirectUrlsCreate>;
      /**
       * Delete a redirect URL.
       *
       * It receives no more tokens. For what it was the default, another one is that now.
       *
       * DELETE /pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls
       */
      delete: MethodOf<typeof o.managementRedirectUrlsDelete>;
      /**
       * Get one redirect URL or all.
       *
       * With `url` that one alone, in `redirect_url` too.
       *
       * GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls
       */
      get: MethodOf<typeof o.managementRedirectUrlsGet>;
      /**
       * List the redirect URLs.
       *
       * In the order of their registration.
       *
       * GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls/all
       */
      getAll: MethodOf<typeof o.managementRedirectUrlsGetAll>;
      /**
       * Change a redirect URL.
       *
       * `valid_types` are all that it is registered for afterwards.
       *
       * PUT /pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls
       */
      update: MethodOf<typeof o.managementRedirectUrlsUpdate>;
    };
    readonly sdk: {
      /**
       * Get what pages may do.
       *
       * With a workspace key, or with the project's own id and secret. What is not offered is shown
       * as off.
       *
       * GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/sdk/b2b
       */
      getB2b: MethodOf<typeof o.managementSdkGetB2b>;
      /**
       * Set what pages may do.
       *
       * `basic.enabled` turns the frontend API on and off; `basic.domains` are all the origins whose
       * pages may call it, such as `https://app.example.com` or `https://*.example.com`;
       * `basic.allow_self_onboarding` says whether people may make organizations from a page. `sso` and
       * `magic_links` say whether logins need PKCE, both the same, `sessions` how long a session may be.
       * A part that is left out stays as it is; what is not offered can only be sent as it is shown.
       *
       * PUT /pwa/v3/projects/{project_slug}/environments/{environment_slug}/sdk/b2b
       */
      setB2b: MethodOf<typeof o.managementSdkSetB2b>;
    };
    readonly secrets: {
      /**
       * Create a secret.
       *
       * One more beside those that there are, which go on working. This answer is the only one that
       * shows it.
       *
       * POST /pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets
       */
      create: MethodOf<typeof o.managementSecretsCreate>;
      /**
       * Delete a secret.
       *
       * The next call with it is refused. The last one goes only with `force`.
       *
       * DELETE /pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets/{secret_id}
       */
      delete: MethodOf<typeof o.managementSecretsDelete>;
      /**
       * Get a secret.
       *
       * When it was made, and its last four characters.
       *
       * GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets/{secret_id}
       */
      get: MethodOf<typeof o.managementSecretsGet>;
      /**
       * List the secrets.
       *
       * In the order of creation. The secrets themselves are stored hashed and shown to nobody.
       *
       * GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets
       */
      getAll: MethodOf<typeof o.managementSecretsGetAll>;
    };
  };
  readonly organizations: {
    /**
     * Look for the record of a domain.
     *
     * Asks the DNS now. A record that is not there is no refusal: `verified` and `last_error` say
     * what was found. In a project one organization has a verified domain. From then on people with an
     * address there are led to the organization's connections (`sso.route`); who may be let in stays
     * as it is. The record is looked for again each month; after three checks in a row, a day apart,
     * without it the domain counts no longer.
     *
     * POST /v1/b2b/organizations/{organization_id}/domains/{domain}/check
     * A member needs stytch.organization:update.settings.allowed-domains.
     * An extension to the wire.
     */
    checkDomain: MethodOf<typeof o.organizationsCheckDomain>;
    /**
     * Ask whether an administrator would be left.
     *
     * Who can administer the organization now, and who could after a change that is only asked
     * about: deleting `delete_connection_id` or `delete_member_id`, giving `member_id` other explicit
     * `roles` or another `is_breakglass`, or other `auth_methods`. Ask before you do it; `warning` is
     * the sentence to show, "" when all is well. Nothing changes. For a change of a connection's
     * settings ask its dry run.
     *
     * POST /v1/b2b/organizations/{organization_id}/lockout_check
     * A member needs stytch.member:search.
     * An extension to the wire.
     */
    checkLockout: MethodOf<typeof o.organizationsCheckLockout>;
    /**
     * Begin to verify a domain.
     *
     * Says which TXT record proves that the domain is the organization's own; asked again, it is
     * the same one. Domains that many share, such as gmail.com, and public suffixes are refused.
     *
     * POST /v1/b2b/organizations/{organization_id}/domains
     * A member needs stytch.organization:update.settings.allowed-domains.
     * An extension to the wire.
     */
    claimDomain: MethodOf<typeof o.organizationsClaimDomain>;
    /**
     * Create an organization.
     *
     * Only the name is needed. Without a slug one is made of the name and kept unique.
     *
     * POST /v1/b2b/organizations
     */
    create: MethodOf<typeof o.organizationsCreate>;
    /**
     * Delete an organization.
     *
     * With its members, sessions and connections, and with every External connection of other
     * organizations that leads to one of these.
     *
     * DELETE /v1/b2b/organizations/{organization_id}
     * A member needs stytch.organization:delete.
     */
    delete: MethodOf<typeof o.organizationsDelete>;
    /**
     * Give up a domain.
     *
     * The domain leads nobody here any more, and another organization may prove it.
     *
     * DELETE /v1/b2b/organizations/{organization_id}/domains/{domain}
     * A member needs stytch.organization:update.settings.allowed-domains.
     * An extension to the wire.
     */
    deleteDomain: MethodOf<typeof o.organizationsDeleteDomain>;
    /**
     * Take away an organization's external id.
     *
     * For the project secret only.
     *
     * DELETE /v1/b2b/organizations/{organization_id}/external_id
     */
    deleteExternalId: MethodOf<typeof o.organizationsDeleteExternalId>;
    /**
     * Get an organization.
     *
     * By its id, its slug or its external id.
     *
     * GET /v1/b2b/organizations/{organization_id}
     */
    get: MethodOf<typeof o.organizationsGet>;
    /**
     * List the domains.
     *
     * Every domain that the organization has claimed, proved or not.
     *
     * GET /v1/b2b/organizations/{organization_id}/domains
     * A member needs stytch.organization:update.settings.allowed-domains.
     * An extension to the wire.
     */
    getDomains: MethodOf<typeof o.organizationsGetDomains>;
    /**
     * Count an organization's members.
     *
     * Deleted members are not counted.
     *
     * GET /v1/b2b/organizations/{organization_id}/metrics
     */
    metrics: MethodOf<typeof o.organizationsMetrics>;
    /**
     * Search organizations.
     *
     * A page in the order of creation. Without a query: all.
     *
     * POST /v1/b2b/organizations/search
     */
    search: MethodOf<typeof o.organizationsSearch>;
    /**
     * Change an organization.
     *
     * Only the fields that are sent change. Lists are replaced whole; metadata is merged at its
     * top level, where a null deletes a key.
     *
     * PUT /v1/b2b/organizations/{organization_id}
     * A member needs stytch.organization: one action for each field.
     */
    update: MethodOf<typeof o.organizationsUpdate>;
    readonly members: {
      /**
       * Create a member.
       *
       * `roles` are the explicit roles. Who is created as pending becomes active by signing in.
       *
       * POST /v1/b2b/organizations/{organization_id}/members
       * A member needs stytch.member:create.
       */
      create: MethodOf<typeof o.organizationsMembersCreate>;
      /**
       * Get a member of any organization.
       *
       * For the project secret only, since it looks across organizations.
       *
       * GET /v1/b2b/organizations/members/dangerously_get/{member_id}
       */
      dangerouslyGet: MethodOf<typeof o.organizationsMembersDangerouslyGet>;
      /**
       * Delete a member.
       *
       * Every session ends. The identity stays known, so that it cannot come in again as new.
       *
       * DELETE /v1/b2b/organizations/{organization_id}/members/{member_id}
       * A member needs stytch.member:delete, or stytch.self for oneself.
       */
      delete: MethodOf<typeof o.organizationsMembersDelete>;
      /**
       * Take away a member's external id.
       *
       * For the project secret only.
       *
       * DELETE /v1/b2b/organizations/{organization_id}/members/{member_id}/external_id
       */
      deleteExternalId: MethodOf<typeof o.organizationsMembersDeleteExternalId>;
      /**
       * Take away a member's phone number.
       *
       * The number can be set again afterwards.
       *
       * DELETE /v1/b2b/organizations/{organization_id}/members/mfa_phone_numbers/{member_id}
       * A member needs stytch.member:update.info.delete.mfa-phone, or stytch.self for oneself.
       */
      deleteMfaPhoneNumber: MethodOf<typeof o.organizationsMembersDeleteMfaPhoneNumber>;
      /**
       * Take away a member's TOTP.
       *
       * Members have no TOTP here, so this changes nothing and says so by succeeding.
       *
       * DELETE /v1/b2b/organizations/{organization_id}/members/{member_id}/totp
       * A member needs stytch.member:update.info.delete.mfa-totp, or stytch.self for oneself.
       */
      deleteTotp: MethodOf<typeof o.organizationsMembersDeleteTotp>;
      /**
       * Explain why a member holds each role.
       *
       * Every role with all its sources, the sessions in which it counts at this moment, and the
       * groups and time of the last login through each connection.
       *
       * GET /v1/b2b/organizations/{organization_id}/members/{member_id}/roles/explain
       * A member needs stytch.member:search.
       * An extension to the wire.
       */
      explainRoles: MethodOf<typeof o.organizationsMembersExplainRoles>;
      /**
       * Get a member.
       *
       * By exactly one of `member_id` (or external id) and `email_address`.
       *
       * GET /v1/b2b/organizations/{organization_id}/member
       */
      get: MethodOf<typeof o.organizationsMembersGet>;
      /**
       * Get a member's tokens of their OIDC identity providers.
       *
       * Access tokens are refreshed before they end and, where that did not work yet, before they
       * are returned. With `minimum_seconds` (an extension) no token is returned with less time left,
       * unless the provider refuses or gives shorter-lived ones; without it that is five minutes, or a
       * third of a short life. `connection_id` (an extension) asks for one registration alone. `state`
       * is `current`, `retrying` or `needs_login`; the last one comes with the `login_url` of exactly
       * that connection, also in the details of `unable_to_refresh_oidc_token`. For the project secret
       * only.
       *
       * GET /v1/b2b/organizations/{organization_id}/members/{member_id}/oidc_providers
       */
      oidcProviders: MethodOf<typeof o.organizationsMembersOidcProviders>;
      /**
       * Bring a deleted member back.
       *
       * Needs a verified e-mail address that nobody else has taken meanwhile.
       *
       * PUT /v1/b2b/organizations/{organization_id}/members/{member_id}/reactivate
       * A member needs stytch.member:create.
       */
      reactivate: MethodOf<typeof o.organizationsMembersReactivate>;
      /**
       * Search members.
       *
       * A page in the order of creation. Deleted members only where `statuses` asks for them.
       *
       * POST /v1/b2b/organizations/members/search
       * A member needs stytch.member:search.
       */
      search: MethodOf<typeof o.organizationsMembersSearch>;
      /**
       * Send a member a link that changes their address.
       *
       * The link goes to the new address; once its token has been exchanged like that of any magic
       * link, the address is the member's, verified, and the old one is retired. Members may do this
       * for themselves.
       *
       * POST /v1/b2b/organizations/{organization_id}/members/{member_id}/start_email_update
       * A member needs stytch.member:update.info.email, or stytch.self for oneself.
       */
      startEmailUpdate: MethodOf<typeof o.organizationsMembersStartEmailUpdate>;
      /**
       * Forget a member's retired address.
       *
       * By its id or by the address; afterwards somebody else can have it.
       *
       * POST /v1/b2b/organizations/{organization_id}/members/{member_id}/unlink_retired_email
       * A member needs stytch.member:update.info.unlink.retired-email, or stytch.self for oneself.
       */
      unlinkRetiredEmail: MethodOf<typeof o.organizationsMembersUnlinkRetiredEmail>;
      /**
       * Change a member.
       *
       * Only the fields that are sent change. `roles` replaces the explicit roles; taking away one
       * that a login gives as well ends the sessions of that login, unless
       * `preserve_existing_sessions` is true.
       *
       * PUT /v1/b2b/organizations/{organization_id}/members/{member_id}
       * A member needs stytch.member: one action for each field, or stytch.self for oneself.
       */
      update: MethodOf<typeof o.organizationsMembersUpdate>;
    };
  };
  readonly rbac: {
    /**
     * Get the project's policy.
     *
     * Roles, resources and their actions, the built-in ones included.
     *
     * GET /v1/b2b/rbac/policy
     */
    policy: MethodOf<typeof o.rbacPolicy>;
    readonly organizations: {
      /**
       * Get the roles of an organization's own.
       *
       * An empty list when there are none.
       *
       * GET /v1/b2b/rbac/organizations/{organization_id}
       */
      getOrgPolicy: MethodOf<typeof o.rbacOrganizationsGetOrgPolicy>;
      /**
       * Set the roles of an organization's own.
       *
       * Replaces them all. Their ids must not be those of the project's roles.
       *
       * PUT /v1/b2b/rbac/organizations/{organization_id}
       */
      setOrgPolicy: MethodOf<typeof o.rbacOrganizationsSetOrgPolicy>;
    };
  };
  readonly scim: {
    readonly connection: {
      /**
       * Get an organization's SCIM connection.
       *
       * Directories are not read yet, so it is always null.
       *
       * GET /v1/b2b/scim/{organization_id}/connection
       * A member needs stytch.scim:get.
       */
      get: MethodOf<typeof o.scimConnectionGet>;
    };
  };
  readonly sessions: {
    /**
     * Authenticate a session.
     *
     * By its token or by one of its JWTs, an expired one too. Returns a fresh JWT. With
     * `session_duration_minutes` the session is extended; with `authorization_check` it is refused
     * unless one of its roles grants the action.
     *
     * POST /v1/b2b/sessions/authenticate
     */
    authenticate: MethodOf<typeof o.sessionsAuthenticate>;
    /**
     * Exchange a session for one in another organization.
     *
     * Completes at once where the other organization has an active External connection to the very
     * connection that the session stands on, and where the session stands on a magic link and the
     * other organization allows those. Otherwise the person has to sign in there, and
     * `primary_required` lists the ways.
     *
     * POST /v1/b2b/sessions/exchange
     */
    exchange: MethodOf<typeof o.sessionsExchange>;
    /**
     * List a member's sessions.
     *
     * Only those that are alive.
     *
     * GET /v1/b2b/sessions
     */
    get: MethodOf<typeof o.sessionsGet>;
    /**
     * Get the keys that verify session JWTs.
     *
     * Public. Keys that will sign next are listed two hours ahead.
     *
     * GET /v1/b2b/sessions/jwks/{project_id}
     */
    getJwks: MethodOf<typeof o.sessionsGetJwks>;
    /**
     * Revoke sessions.
     *
     * One session by its id, token or JWT, or every session of a member. JWTs that were minted
     * before stay valid for local checks until they expire, five minutes at the most.
     *
     * POST /v1/b2b/sessions/revoke
     * A member needs stytch.member:revoke-sessions, or stytch.self for oneself.
     */
    revoke: MethodOf<typeof o.sessionsRevoke>;
  };
  readonly setup: {
    readonly links: {
      /**
       * Make a setup link.
       *
       * A URL for somebody at the organization who has no account: it opens the Admin Portal with
       * just the `scopes` given. `sso` sets up, tests and changes connections, `domain_verification`
       * proves domains, and `certificate_renewal` changes nothing but the certificates of the SAML
       * connection named in `connection_id`. It opens once, or with `uses` `many` until it expires:
       * after 7 days, unless `lifetime_minutes` says otherwise. `return_url` is one of the project's
       * redirect URLs. The URL is shown here only, and whoever has it can use it: send it to one
       * person.
       *
       * POST /v1/b2b/organizations/{organization_id}/setup_links
       * An extension to the wire.
       */
      issue: MethodOf<typeof o.setupLinksIssue>;
      /**
       * Make a token for the embedded portal.
       *
       * For `<vestibule-admin-portal>`: opens the Admin Portal once, within five minutes, in a page
       * of `origin`, which must be one of the project's frame ancestors. On behalf of a member it needs
       * `stytch.sso` `create` and `update`, and what is done in the portal is done with the member's
       * rights as they are at that moment; with the project secret alone, with the rights of the scopes,
       * which do not include `certificate_renewal`. The visit lasts an hour at most.
       *
       * POST /v1/b2b/organizations/{organization_id}/portal_token
       * A member needs stytch.sso:update.
       * An extension to the wire.
       */
      issuePortalToken: MethodOf<typeof o.setupLinksIssuePortalToken>;
      /**
       * List the setup links.
       *
       * Every setup link of the organization, the latest first, with those that ended up to 90 days
       * ago and those that a guest handed over to a colleague.
       *
       * GET /v1/b2b/organizations/{organization_id}/setup_links
       * An extension to the wire.
       */
      list: MethodOf<typeof o.setupLinksList>;
      /**
       * Revoke a setup link.
       *
       * The link opens nothing any more, nor does any link that was handed over from it, and whoever
       * is in the portal by one of them is out at once.
       *
       * DELETE /v1/b2b/organizations/{organization_id}/setup_links/{link_id}
       * An extension to the wire.
       */
      revoke: MethodOf<typeof o.setupLinksRevoke>;
    };
  };
  readonly sso: {
    /**
     * Make the draft of a connection live.
     *
     * As if its changes had been sent as one update. With `draft_id` only that very draft is
     * activated, the one that was looked at. `tested` says whether a test login through exactly these
     * settings passed; it is not required. What would shut out the last administrator is refused with
     * `would_lock_out_administrators`, unless `accept_lockout` is true. If the draft names another
     * identity provider, `identity_provider_changed` is true, and registrations and sessions of the
     * one before have ended.
     *
     * POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/draft/activate
     * A member needs stytch.sso:update.
     * An extension to the wire.
     */
    activateDraft: MethodOf<typeof o.ssoActivateDraft>;
    /**
     * Approve an External connection to a connection of ours.
     *
     * Logins through it are possible from now on.
     *
     * POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/external/{external_connection_id}/approve
     * A member needs stytch.sso:update.
     * An extension to the wire.
     */
    approveSharedConnection: MethodOf<typeof o.ssoApproveSharedConnection>;
    /**
     * Exchange the token of a login.
     *
     * Turns the `token` that came to the redirect URL into a session. The token works once and
     * for five minutes. When a second factor is required, there is no session yet but an
     * intermediate one.
     *
     * POST /v1/b2b/sso/authenticate
     */
    authenticate: MethodOf<typeof o.ssoAuthenticate>;
    /**
     * Delete a connection.
     *
     * Of any kind. Its registrations, its roles and the sessions that stand on it go with it, and
     * so does every External connection of other organizations that leads to it.
     *
     * DELETE /v1/b2b/sso/{organization_id}/connections/{connection_id}
     * A member needs stytch.sso:delete.
     */
    deleteConnection: MethodOf<typeof o.ssoDeleteConnection>;
    /**
     * Discard the draft of a connection.
     *
     * The connection stays as it is.
     *
     * DELETE /v1/b2b/sso/{organization_id}/connections/{connection_id}/draft
     * A member needs stytch.sso:update.
     * An extension to the wire.
     */
    discardDraft: MethodOf<typeof o.ssoDiscardDraft>;
    /**
     * Try a draft on the logins of the past.
     *
     * Of the last `logins` through this connection (100, at most 500), how many would still pass if
     * its draft were live, and who would lose which role; without a draft the connection as it stands
     * is tried. `basis` says which. A login is judged by what was kept of it: the certificate that
     * signed, issuer, audience and recipient, and what was said of the person; `untold` names the
     * changed fields that only a test login can try. `shared_with` counts the logins into
     * organizations that use the connection through an External one; their people are not named.
     * `warning` says what an administrator should know first. Nothing changes.
     *
     * POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/dry_run
     * A member needs stytch.sso:update.
     * An extension to the wire.
     */
    dryRun: MethodOf<typeof o.ssoDryRun>;
    /**
     * List an organization's connections.
     *
     * Of all three kinds, pending ones too, in the order of creation.
     *
     * GET /v1/b2b/sso/{organization_id}
     * A member needs stytch.sso:get.
     */
    getConnections: MethodOf<typeof o.ssoGetConnections>;
    /**
     * Read the draft of a connection.
     *
     * `changes` says what it would change; `outdated` that the connection has changed since, so
     * that it has to be sent again before it can be activated; `tested_at` when a test login through
     * exactly this draft passed.
     *
     * GET /v1/b2b/sso/{organization_id}/connections/{connection_id}/draft
     * A member needs stytch.sso:get.
     * An extension to the wire.
     */
    getDraft: MethodOf<typeof o.ssoGetDraft>;
    /**
     * Show how an organization's connections are doing.
     *
     * What ends when, whose metadata is stale or waits for a word, and how the last logins went.
     * A login counts from its first step at the application.
     *
     * GET /v1/b2b/sso/{organization_id}/health
     * A member needs stytch.sso:get.
     * An extension to the wire.
     */
    getHealth: MethodOf<typeof o.ssoGetHealth>;
    /**
     * List the identity providers with a preset.
     *
     * The values of `identity_provider` on a connection, with a name to show and the protocols that
     * we have set-up steps for. For another protocol the steps of `generic` stand in.
     *
     * GET /v1/b2b/presets
     * An extension to the wire.
     */
    getPresets: MethodOf<typeof o.ssoGetPresets>;
    /**
     * Get the set-up steps of a connection.
     *
     * What to do at the identity provider of a SAML or OIDC connection, in that provider's own
     * order and words, with this connection's values filled in. `receives` says what comes back from
     * there and into which field of the connection it goes; `suggested` is what to set on the
     * connection, which nobody does by himself; `missing` is what it still needs to become active.
     *
     * GET /v1/b2b/sso/{organization_id}/connections/{connection_id}/setup
     * A member needs stytch.sso:get.
     * An extension to the wire.
     */
    getSetup: MethodOf<typeof o.ssoGetSetup>;
    /**
     * List who signs in through a connection.
     *
     * The owner's view: every External connection of other organizations that leads here.
     *
     * GET /v1/b2b/sso/{organization_id}/connections/{connection_id}/external
     * A member needs stytch.sso:get.
     * An extension to the wire.
     */
    getSharedConnections: MethodOf<typeof o.ssoGetSharedConnections>;
    /**
     * Read what came of a test login.
     *
     * What the page at the end of the test showed. `passed` says whether the person would have been
     * let in; if not, the check that is not ok says why, what was wanted and what came.
     *
     * GET /v1/b2b/sso/{organization_id}/connections/{connection_id}/test/{trace_id}
     * A member needs stytch.sso:get.
     * An extension to the wire.
     */
    getTestResult: MethodOf<typeof o.ssoGetTestResult>;
    /**
     * List the versions before the live one.
     *
     * The last ten, the latest first. Each change of a connection keeps what was, whether it came
     * by a draft, by an update or from metadata.
     *
     * GET /v1/b2b/sso/{organization_id}/connections/{connection_id}/versions
     * A member needs stytch.sso:get.
     * An extension to the wire.
     */
    getVersions: MethodOf<typeof o.ssoGetVersions>;
    /**
     * Sign out here and at the identity provider.
     *
     * Ends one session at once, as revoking it does. Send the browser to `logout_url`, once and
     * within ten minutes, and it ends at the SAML identity provider too; with `logout_redirect_url`,
     * a registered URL for logins, the browser comes back there. `logout_url` is empty where nothing
     * is left to do: the session stands on no SAML login, or its connection has no `idp_slo_url`.
     *
     * POST /v1/b2b/sso/logout
     * A member needs stytch.member:revoke-sessions, or stytch.self for oneself.
     * An extension to the wire.
     */
    logout: MethodOf<typeof o.ssoLogout>;
    /**
     * Try an attribute mapping.
     *
     * What a login would make of a mapping: metadata, roles and JWT claims, each value with the
     * name or path that it came from. Tried on the connection's last login, or on a pasted
     * `saml_response` (base64 or XML), `id_token` or `claims` (ID token and UserInfo merged), none of
     * which is verified. Without `attribute_mapping` the connection's own is tried. Nothing changes,
     * and a `refusal` says why such a login would end.
     *
     * POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/mapping/preview
     * A member needs stytch.sso:update.
     * An extension to the wire.
     */
    previewMapping: MethodOf<typeof o.ssoPreviewMapping>;
    /**
     * Make or change the draft of a connection.
     *
     * Takes the fields of the SAML or of the OIDC update, checks them as that does, and changes
     * nothing but the draft: the one there is, otherwise a new one of the connection as it is now.
     * `delete_certificate_ids` drops certificates of a SAML identity provider. A draft of an
     * active connection is whole: what could not become live is refused; that of a pending one may
     * grow piece by piece. If the connection has changed since the draft was made, the draft takes
     * that over first; `changes` says what it would change now.
     *
     * PUT /v1/b2b/sso/{organization_id}/connections/{connection_id}/draft
     * A member needs stytch.sso:update.
     * An extension to the wire.
     */
    putDraft: MethodOf<typeof o.ssoPutDraft>;
    /**
     * Revoke an External connection to a connection of ours.
     *
     * Logins through it are refused from now on, and its sessions end at once.
     *
     * POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/external/{external_connection_id}/revoke
     * A member needs stytch.sso:update.
     * An extension to the wire.
     */
    revokeSharedConnection: MethodOf<typeof o.ssoRevokeSharedConnection>;
    /**
     * Make a version before live again.
     *
     * Settings, certificates and keys are as they were then; what is live now is kept as a version.
     * `not_brought_back` says what does not come back: rules for roles that have been deleted, and
     * registrations and sessions that ended when the identity provider changed. Whom the owner has
     * shut out since stays out.
     *
     * POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/versions/{version}/roll_back
     * A member needs stytch.sso:update.
     * An extension to the wire.
     */
    rollBack: MethodOf<typeof o.ssoRollBack>;
    /**
     * Find the connections for an e-mail address.
     *
     * For a sign-in page that asks for the address first: the active connections of the
     * organization that has verified the address's domain, the default one first. Send the browser to
     * `/v1/public/sso/start` with the `connection_id` of the one choice, or let the person choose.
     * Nobody's membership is looked at: every address of a domain gets the same answer, which is empty
     * for a domain that no organization has verified. One address may ask 60 times a minute.
     *
     * POST /v1/public/sso/route
     * An extension to the wire.
     */
    route: MethodOf<typeof o.ssoRoute>;
    /**
     * Make a link to a test login.
     *
     * A browser that opens `test_url`, once and within ten minutes, signs in at the identity
     * provider and is shown what was checked and who it would have been. Nobody is let in: there is no
     * session, no token and no new member, and nothing of the identity provider is kept but the trace.
     * With `draft` the test goes through the connection's draft, otherwise through the settings as
     * they are, which may still be pending. A test of an External connection goes through its source
     * and the rules of this organization.
     *
     * POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/test
     * A member needs stytch.sso:update.
     * An extension to the wire.
     */
    testConnection: MethodOf<typeof o.ssoTestConnection>;
    readonly external: {
      /**
       * Create an External connection.
       *
       * Members of this organization can then sign in through a SAML or OIDC connection of another
       * one. **Whoever administers that organization's identity provider can sign in as any member of
       * this organization**: the trust runs from the receiver to the source. The source's owner sees
       * the connection and can revoke it.
       *
       * POST /v1/b2b/sso/external/{organization_id}
       * A member needs stytch.sso:create.
       */
      createConnection: MethodOf<typeof o.ssoExternalCreateConnection>;
      /**
       * Change an External connection.
       *
       * Name, role rules and the switch for session exchange; where it leads never changes.
       *
       * PUT /v1/b2b/sso/external/{organization_id}/connections/{connection_id}
       * A member needs stytch.sso:update.
       */
      updateConnection: MethodOf<typeof o.ssoExternalUpdateConnection>;
    };
    readonly oidc: {
      /**
       * Create an OIDC connection.
       *
       * It is pending until client, issuer and the issuer's URLs are set.
       *
       * POST /v1/b2b/sso/oidc/{organization_id}
       * A member needs stytch.sso:create.
       */
      createConnection: MethodOf<typeof o.ssoOidcCreateConnection>;
      /**
       * Change an OIDC connection.
       *
       * A new issuer is asked for its OpenID configuration; URLs that are sent win over it. When it
       * cannot be used, the change is made all the same and `warning` says why. With
       * `token_endpoint_auth_method` `private_key_jwt` (an extension) the connection gets a key of its
       * own and needs no secret: the provider reads the public key at `client_jwks_url`, or is given
       * the one in `client_certificates`.
       *
       * PUT /v1/b2b/sso/oidc/{organization_id}/connections/{connection_id}
       * A member needs stytch.sso:update.
       */
      updateConnection: MethodOf<typeof o.ssoOidcUpdateConnection>;
    };
    readonly saml: {
      /**
       * Sign with another key of a SAML connection.
       *
       * Requests are signed by this key from now on, and the SP metadata asks for encryption to it.
       * The key before stays published and readable until it is deleted, so activating it again is the
       * way back.
       *
       * POST /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys/{certificate_id}/activate
       * A member needs stytch.sso:update.
       * An extension to the wire.
       */
      activateSigningKey: MethodOf<typeof o.ssoSamlActivateSigningKey>;
      /**
       * Confirm a change of the metadata.
       *
       * Send the `change_id` of the change that you have seen; when another one waits by now, it is
       * refused. **Whoever holds a certificate that is added can sign in as anybody who uses this
       * connection**, also in the organizations that share it. A new entity id ends the sessions that
       * stand on the one before.
       *
       * POST /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/confirm
       * A member needs stytch.sso:update.
       * An extension to the wire.
       */
      confirmIdpMetadata: MethodOf<typeof o.ssoSamlConfirmIdpMetadata>;
      /**
       * Create a SAML connection.
       *
       * It is pending until identity provider, mapping and a certificate are set.
       *
       * POST /v1/b2b/sso/saml/{organization_id}
       * A member needs stytch.sso:create.
       */
      createConnection: MethodOf<typeof o.ssoSamlCreateConnection>;
      /**
       * Make the next key of a SAML connection.
       *
       * The first step of a rotation. The key's certificate stands in `signing_certificates` and in
       * the SP metadata behind the one that signs, and assertions encrypted for it are read already;
       * requests are signed by the old key until `activate`. A connection holds at most three keys.
       *
       * POST /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys
       * A member needs stytch.sso:update.
       * An extension to the wire.
       */
      createSigningKey: MethodOf<typeof o.ssoSamlCreateSigningKey>;
      /**
       * Delete a decryption key.
       *
       * Assertions encrypted for it can no longer be read.
       *
       * DELETE /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/encryption_private_keys/{private_key_id}
       * A member needs stytch.sso:update.
       */
      deleteEncryptionPrivateKey: MethodOf<typeof o.ssoSamlDeleteEncryptionPrivateKey>;
      /**
       * Delete a key of a SAML connection.
       *
       * The one that signs cannot be deleted. Assertions that are still encrypted for the deleted
       * one can no longer be read; sessions stay as they are.
       *
       * DELETE /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys/{certificate_id}
       * A member needs stytch.sso:update.
       * An extension to the wire.
       */
      deleteSigningKey: MethodOf<typeof o.ssoSamlDeleteSigningKey>;
      /**
       * Delete a certificate of the identity provider.
       *
       * The last one of an active connection cannot be deleted.
       *
       * DELETE /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/verification_certificates/{certificate_id}
       * A member needs stytch.sso:update.
       */
      deleteVerificationCertificate: MethodOf<typeof o.ssoSamlDeleteVerificationCertificate>;
      /**
       * Dismiss a change of the metadata.
       *
       * Everything stays as it is, and this very change does not wait again.
       *
       * POST /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/dismiss
       * A member needs stytch.sso:update.
       * An extension to the wire.
       */
      dismissIdpMetadata: MethodOf<typeof o.ssoSamlDismissIdpMetadata>;
      /**
       * Show the metadata that a connection follows.
       *
       * When it was read, what went wrong, and the change that waits for an administrator, if any.
       * Only a connection with an `idp_metadata_url` has it.
       *
       * GET /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata
       * A member needs stytch.sso:get.
       * An extension to the wire.
       */
      getIdpMetadata: MethodOf<typeof o.ssoSamlGetIdpMetadata>;
      /**
       * Read the metadata now.
       *
       * A document that cannot be read is no error of this call: `last_error` says what happened, and
       * everything stays as it was. Shortly after a try the state is given without another one.
       *
       * POST /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/refresh
       * A member needs stytch.sso:update.
       * An extension to the wire.
       */
      refreshIdpMetadata: MethodOf<typeof o.ssoSamlRefreshIdpMetadata>;
      /**
       * Read a SAML connection from metadata.
       *
       * Sets entity id, SSO URL and certificates. The mapping still has to be set.
       *
       * PUT /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/url
       * A member needs stytch.sso:update.
       */
      updateByUrl: MethodOf<typeof o.ssoSamlUpdateByUrl>;
      /**
       * Change a SAML connection.
       *
       * `x509_certificate` adds a certificate to those there are, at most five.
       *
       * PUT /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}
       * A member needs stytch.sso:update.
       */
      updateConnection: MethodOf<typeof o.ssoSamlUpdateConnection>;
    };
  };
}

export function methods(caller: Caller): Methods {
  const of = bind(caller);
  return {
    audit: {
      search: of(o.auditSearch),
    },
    branding: {
      get: of(o.brandingGet),
      getOrganization: of(o.brandingGetOrganization),
      set: of(o.brandingSet),
      setOrganization: of(o.brandingSetOrganization),
    },
    discovery: {
      intermediateSessions: {
        exchange: of(o.discoveryIntermediateSessionsExchange),
      },
      organizations: {
        create: of(o.discoveryOrganizationsCreate),
        list: of(o.discoveryOrganizationsList),
      },
    },
    magicLinks: {
      authenticate: of(o.magicLinksAuthenticate),
      discovery: {
        authenticate: of(o.magicLinksDiscoveryAuthenticate),
      },
      email: {
        invite: of(o.magicLinksEmailInvite),
        loginOrSignup: of(o.magicLinksEmailLoginOrSignup),
      },
      emailDiscovery: {
        send: of(o.magicLinksEmailDiscoverySend),
      },
    },
    management: {
      jwtTemplates: {
        get: of(o.managementJwtTemplatesGet),
        set: of(o.managementJwtTemplatesSet),
      },
      publicTokens: {
        create: of(o.managementPublicTokensCreate),
        delete: of(o.managementPublicTokensDelete),
        get: of(o.managementPublicTokensGet),
        getAll: of(o.managementPublicTokensGetAll),
      },
      rbacPolicy: {
        get: of(o.managementRbacPolicyGet),
        set: of(o.managementRbacPolicySet),
      },
      redirectUrls: {
        create: of(o.managementRedirectUrlsCreate),
        delete: of(o.managementRedirectUrlsDelete),
        get: of(o.managementRedirectUrlsGet),
        getAll: of(o.managementRedirectUrlsGetAll),
        update: of(o.managementRedirectUrlsUpdate),
      },
      sdk: {
        getB2b: of(o.managementSdkGetB2b),
        setB2b: of(o.managementSdkSetB2b),
      },
      secrets: {
        create: of(o.managementSecretsCreate),
        delete: of(o.managementSecretsDelete),
        get: of(o.managementSecretsGet),
        getAll: of(o.managementSecretsGetAll),
      },
    },
    organizations: {
      checkDomain: of(o.organizationsCheckDomain),
      checkLockout: of(o.organizationsCheckLockout),
      claimDomain: of(o.organizationsClaimDomain),
      create: of(o.organizationsCreate),
      delete: of(o.organizationsDelete),
      deleteDomain: of(o.organizationsDeleteDomain),
      deleteExternalId: of(o.organizationsDeleteExternalId),
      get: of(o.organizationsGet),
      getDomains: of(o.organizationsGetDomains),
      metrics: of(o.organizationsMetrics),
      search: of(o.organizationsSearch),
      update: of(o.organizationsUpdate),
      members: {
        create: of(o.organizationsMembersCreate),
        dangerouslyGet: of(o.organizationsMembersDangerouslyGet),
        delete: of(o.organizationsMembersDelete),
        deleteExternalId: of(o.organizationsMembersDeleteExternalId),
        deleteMfaPhoneNumber: of(o.organizationsMembersDeleteMfaPhoneNumber),
        deleteTotp: of(o.organizationsMembersDeleteTotp),
        explainRoles: of(o.organizationsMembersExplainRoles),
        get: of(o.organizationsMembersGet),
        oidcProviders: of(o.organizationsMembersOidcProviders),
        reactivate: of(o.organizationsMembersReactivate),
        search: of(o.organizationsMembersSearch),
        startEmailUpdate: of(o.organizationsMembersStartEmailUpdate),
        unlinkRetiredEmail: of(o.organizationsMembersUnlinkRetiredEmail),
        update: of(o.organizationsMembersUpdate),
      },
    },
    rbac: {
      policy: of(o.rbacPolicy),
      organizations: {
        getOrgPolicy: of(o.rbacOrganizationsGetOrgPolicy),
        setOrgPolicy: of(o.rbacOrganizationsSetOrgPolicy),
      },
    },
    scim: {
      connection: {
        get: of(o.scimConnectionGet),
      },
    },
    sessions: {
      authenticate: of(o.sessionsAuthenticate),
      exchange: of(o.sessionsExchange),
      get: of(o.sessionsGet),
      getJwks: of(o.sessionsGetJwks),
      revoke: of(o.sessionsRevoke),
    },
    setup: {
      links: {
        issue: of(o.setupLinksIssue),
        issuePortalToken: of(o.setupLinksIssuePortalToken),
        list: of(o.setupLinksList),
        revoke: of(o.setupLinksRevoke),
      },
    },
    sso: {
      activateDraft: of(o.ssoActivateDraft),
      approveSharedConnection: of(o.ssoApproveSharedConnection),
      authenticate: of(o.ssoAuthenticate),
      deleteConnection: of(o.ssoDeleteConnection),
      discardDraft: of(o.ssoDiscardDraft),
      dryRun: of(o.ssoDryRun),
      getConnections: of(o.ssoGetConnections),
      getDraft: of(o.ssoGetDraft),
      getHealth: of(o.ssoGetHealth),
      getPresets: of(o.ssoGetPresets),
      getSetup: of(o.ssoGetSetup),
      getSharedConnections: of(o.ssoGetSharedConnections),
      getTestResult: of(o.ssoGetTestResult),
      getVersions: of(o.ssoGetVersions),
      logout: of(o.ssoLogout),
      previewMapping: of(o.ssoPreviewMapping),
      putDraft: of(o.ssoPutDraft),
      revokeSharedConnection: of(o.ssoRevokeSharedConnection),
      rollBack: of(o.ssoRollBack),
      route: of(o.ssoRoute),
      testConnection: of(o.ssoTestConnection),
      external: {
        createConnection: of(o.ssoExternalCreateConnection),
        updateConnection: of(o.ssoExternalUpdateConnection),
      },
      oidc: {
        createConnection: of(o.ssoOidcCreateConnection),
        updateConnection: of(o.ssoOidcUpdateConnection),
      },
      saml: {
        activateSigningKey: of(o.ssoSamlActivateSigningKey),
        confirmIdpMetadata: of(o.ssoSamlConfirmIdpMetadata),
        createConnection: of(o.ssoSamlCreateConnection),
        createSigningKey: of(o.ssoSamlCreateSigningKey),
        deleteEncryptionPrivateKey: of(o.ssoSamlDeleteEncryptionPrivateKey),
        deleteSigningKey: of(o.ssoSamlDeleteSigningKey),
        deleteVerificationCertificate: of(o.ssoSamlDeleteVerificationCertificate),
        dismissIdpMetadata: of(o.ssoSamlDismissIdpMetadata),
        getIdpMetadata: of(o.ssoSamlGetIdpMetadata),
        refreshIdpMetadata: of(o.ssoSamlRefreshIdpMetadata),
        updateByUrl: of(o.ssoSamlUpdateByUrl),
        updateConnection: of(o.ssoSamlUpdateConnection),
      },
    },
  };
}
