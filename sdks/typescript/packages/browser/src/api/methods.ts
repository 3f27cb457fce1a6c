// One method for each operation.
// Written by `make api`; change the operations of the server, not this file.

import { type Caller, type MethodOf, bind } from "@vestibule-sso/core";
import * as o from "./operations.js";

export interface Methods {
  /**
   * Get what a portal may show.
   *
   * What the pre-built portals ask before they show anything.
   *
   * GET /sdk/v1/b2b/admin_portal_config
   */
  adminPortalConfig: MethodOf<typeof o.adminPortalConfig>;
  /**
   * Get what a page needs.
   *
   * The project's settings that concern a browser, and the policy by which it shows or hides.
   *
   * GET /sdk/v1/projects/bootstrap/{public_token}
   */
  bootstrap: MethodOf<typeof o.bootstrap>;
  readonly adminPortal: {
    /**
     * Make a token for the embedded portal.
     *
     * For `<vestibule-admin-portal>`: opens the Admin Portal once, within five minutes, in a page
     * of `origin`, which must be one of the project's frame ancestors. On behalf of a member it needs
     * `stytch.sso` `create` and `update`, and what is done in the portal is done with the member's
     * rights as they are at that moment; with the project secret alone, with the rights of the scopes,
     * which do not include `certificate_renewal`. The visit lasts an hour at most.
     *
     * POST /sdk/v1/b2b/admin_portal/token
     * A member needs stytch.sso:update.
     */
    token: MethodOf<typeof o.adminPortalToken>;
  };
  readonly discovery: {
    readonly intermediateSessions: {
      /**
       * Enter an organization by one's proven address.
       *
       * As in the backend API.
       *
       * POST /sdk/v1/b2b/discovery/intermediate_sessions/exchange
       */
      exchange: MethodOf<typeof o.discoveryIntermediateSessionsExchange>;
    };
    readonly organizations: {
      /**
       * Make an organization of one's own.
       *
       * As in the backend API, unless the project lets pages make none.
       *
       * POST /sdk/v1/b2b/discovery/organizations/create
       */
      create: MethodOf<typeof o.discoveryOrganizationsCreate>;
      /**
       * List the organizations that one's address opens.
       *
       * As in the backend API; without an intermediate session, by the page's own session.
       *
       * POST /sdk/v1/b2b/discovery/organizations
       */
      list: MethodOf<typeof o.discoveryOrganizationsList>;
    };
  };
  readonly magicLinks: {
    /**
     * Exchange the token of a link.
     *
     * As in the backend API; a session that the page holds already is carried on.
     *
     * POST /sdk/v1/b2b/magic_links/authenticate
     */
    authenticate: MethodOf<typeof o.magicLinksAuthenticate>;
    readonly discovery: {
      /**
       * Exchange the token of a link for discovery.
       *
       * As in the backend API.
       *
       * POST /sdk/v1/b2b/magic_links/discovery/authenticate
       */
      authenticate: MethodOf<typeof o.magicLinksDiscoveryAuthenticate>;
    };
    readonly email: {
      /**
       * Invite somebody to one's organization.
       *
       * As in the backend API; it is the member of the session who invites.
       *
       * POST /sdk/v1/b2b/magic_links/email/invite
       */
      invite: MethodOf<typeof o.magicLinksEmailInvite>;
      /**
       * Ask for a link to sign in.
       *
       * Whoever may come in is sent a link. The answer is the same for every address, and so is the
       * time that it takes: who is a member is looked up afterwards.
       *
       * POST /sdk/v1/b2b/magic_links/email/login_or_signup
       */
      loginOrSignup: MethodOf<typeof o.magicLinksEmailLoginOrSignup>;
      readonly discovery: {
        /**
         * Ask for a link that proves an address.
         *
         * As in the backend API: it is sent to whoever asks, member or not.
         *
         * POST /sdk/v1/b2b/magic_links/email/discovery/send
         */
        send: MethodOf<typeof o.magicLinksEmailDiscoverySend>;
      };
    };
  };
  readonly memberSearch: {
    /**
     * Find a member by address.
     *
     * For login pages that ask for the address first. Nobody is found here: an answer would tell
     * strangers who is a member of what, and the pages that ask it go on without.
     *
     * POST /sdk/v1/b2b/organizations/members/search
     */
    byEmail: MethodOf<typeof o.memberSearchByEmail>;
  };
  readonly organization: {
    /**
     * Delete an organization.
     *
     * With its members, sessions and connections, and with every External connection of other
     * organizations that leads to one of these.
     *
     * DELETE /sdk/v1/b2b/organizations/me
     * A member needs stytch.organization:delete.
     */
    delete: MethodOf<typeof o.organizationDelete>;
    /**
     * Get one's organization.
     *
     * Every member may see their own organization.
     *
     * GET /sdk/v1/b2b/organizations/me
     */
    get: MethodOf<typeof o.organizationGet>;
    /**
     * Find an organization by its slug.
     *
     * What a login page needs of it. `organization` is null when there is none.
     *
     * POST /sdk/v1/b2b/organizations/search
     */
    getBySlug: MethodOf<typeof o.organizationGetBySlug>;
    /**
     * Change an organization.
     *
     * Only the fields that are sent change. Lists are replaced whole; metadata is merged at its
     * top level, where a null deletes a key.
     *
     * PUT /sdk/v1/b2b/organizations/me
     * A member needs stytch.organization: one action for each field.
     */
    update: MethodOf<typeof o.organizationUpdate>;
    readonly members: {
      /**
       * Create a member.
       *
       * `roles` are the explicit roles. Who is created as pending becomes active by signing in.
       *
       * POST /sdk/v1/b2b/organizations/members
       * A member needs stytch.member:create.
       */
      create: MethodOf<typeof o.organizationMembersCreate>;
      /**
       * Delete a member.
       *
       * Every session ends. The identity stays known, so that it cannot come in again as new.
       *
       * DELETE /sdk/v1/b2b/organizations/members/{member_id}
       * A member needs stytch.member:delete, or stytch.self for oneself.
       */
      delete: MethodOf<typeof o.organizationMembersDelete>;
      /**
       * Take away a member's phone number.
       *
       * The number can be set again afterwards.
       *
       * DELETE /sdk/v1/b2b/organizations/members/mfa_phone_numbers/{member_id}
       * A member needs stytch.member:update.info.delete.mfa-phone, or stytch.self for oneself.
       */
      deleteMFAPhoneNumber: MethodOf<typeof o.organizationMembersDeleteMFAPhoneNumber>;
      /**
       * Take away a member's TOTP.
       *
       * Members have no TOTP here, so this changes nothing and says so by succeeding.
       *
       * DELETE /sdk/v1/b2b/organizations/members/totp/{member_id}
       * A member needs stytch.member:update.info.delete.mfa-totp, or stytch.self for oneself.
       */
      deleteMFATOTP: MethodOf<typeof o.organizationMembersDeleteMFATOTP>;
      /**
       * Bring a deleted member back.
       *
       * Needs a verified e-mail address that nobody else has taken meanwhile.
       *
       * PUT /sdk/v1/b2b/organizations/members/{member_id}/reactivate
       * A member needs stytch.member:create.
       */
      reactivate: MethodOf<typeof o.organizationMembersReactivate>;
      /**
       * Search the members of one's organization.
       *
       * As in the backend API, of one's own organization alone.
       *
       * POST /sdk/v1/b2b/organizations/me/members/search
       */
      search: MethodOf<typeof o.organizationMembersSearch>;
      /**
       * Send a member a link that changes their address.
       *
       * The link goes to the new address; once its token has been exchanged like that of any magic
       * link, the address is the member's, verified, and the old one is retired. Members may do this
       * for themselves.
       *
       * POST /sdk/v1/b2b/organizations/members/{member_id}/start_email_update
       * A member needs stytch.member:update.info.email, or stytch.self for oneself.
       */
      startEmailUpdate: MethodOf<typeof o.organizationMembersStartEmailUpdate>;
      /**
       * Forget a member's retired address.
       *
       * By its id or by the address; afterwards somebody else can have it.
       *
       * POST /sdk/v1/b2b/organizations/members/{member_id}/unlink_retired_email
       * A member needs stytch.member:update.info.unlink.retired-email, or stytch.self for oneself.
       */
      unlinkRetiredEmail: MethodOf<typeof o.organizationMembersUnlinkRetiredEmail>;
      /**
       * Change a member.
       *
       * Only the fields that are sent change. `roles` replaces the explicit roles; taking away one
       * that a login gives as well ends the sessions of that login, unless
       * `preserve_existing_sessions` is true.
       *
       * PUT /sdk/v1/b2b/organizations/members/{member_id}
       * A member needs stytch.member: one action for each field, or stytch.self for oneself.
       */
      update: MethodOf<typeof o.organizationMembersUpdate>;
    };
  };
  readonly self: {
    /**
     * Take away a member's phone number.
     *
     * The number can be set again afterwards.
     *
     * DELETE /sdk/v1/b2b/organizations/members/deletePhoneNumber
     * A member needs stytch.member:update.info.delete.mfa-phone, or stytch.self for oneself.
     */
    deleteMFAPhoneNumber: MethodOf<typeof o.selfDeleteMFAPhoneNumber>;
    /**
     * Take away a member's TOTP.
     *
     * Members have no TOTP here, so this changes nothing and says so by succeeding.
     *
     * DELETE /sdk/v1/b2b/organizations/members/deleteTOTP
     * A member needs stytch.member:update.info.delete.mfa-totp, or stytch.self for oneself.
     */
    deleteMFATOTP: MethodOf<typeof o.selfDeleteMFATOTP>;
    /**
     * Get oneself.
     *
     * The member whose session it is.
     *
     * GET /sdk/v1/b2b/organizations/members/me
     */
    get: MethodOf<typeof o.selfGet>;
    /**
     * Send a member a link that changes their address.
     *
     * The link goes to the new address; once its token has been exchanged like that of any magic
     * link, the address is the member's, verified, and the old one is retired. Members may do this
     * for themselves.
     *
     * POST /sdk/v1/b2b/organizations/members/start_email_update
     * A member needs stytch.member:update.info.email, or stytch.self for oneself.
     */
    startEmailUpdate: MethodOf<typeof o.selfStartEmailUpdate>;
    /**
     * Forget a member's retired address.
     *
     * By its id or by the address; afterwards somebody else can have it.
     *
     * POST /sdk/v1/b2b/organizations/members/unlink_retired_email
     * A member needs stytch.member:update.info.unlink.retired-email, or stytch.self for oneself.
     */
    unlinkRetiredEmail: MethodOf<typeof o.selfUnlinkRetiredEmail>;
    /**
     * Change a member.
     *
     * Only the fields that are sent change. `roles` replaces the explicit roles; taking away one
     * that a login gives as well ends the sessions of that login, unless
     * `preserve_existing_sessions` is true.
     *
     * PUT /sdk/v1/b2b/organizations/members/update
     * A member needs stytch.member: one action for each field, or stytch.self for oneself.
     */
    update: MethodOf<typeof o.selfUpdate>;
  };
  readonly session: {
    /**
     * Authenticate a session.
     *
     * Called as a page loads. Returns a fresh JWT; with a duration the session is extended.
     *
     * POST /sdk/v1/b2b/sessions/authenticate
     */
    authenticate: MethodOf<typeof o.sessionAuthenticate>;
    /**
     * Exchange the session for one in another organization.
     *
     * As in the backend API.
     *
     * POST /sdk/v1/b2b/sessions/exchange
     */
    exchange: MethodOf<typeof o.sessionExchange>;
    /**
     * Sign out.
     *
     * The session of the page ends. Every member may end their own.
     *
     * POST /sdk/v1/b2b/sessions/revoke
     */
    revoke: MethodOf<typeof o.sessionRevoke>;
    /**
     * End every session of a member.
     *
     * Of one's own organization; one's own sessions too.
     *
     * POST /sdk/v1/b2b/sessions/revoke/{member_id}
     */
    revokeForMember: MethodOf<typeof o.sessionRevokeForMember>;
  };
  readonly sso: {
    /**
     * Exchange the token of a login.
     *
     * As in the backend API; a session that the page holds already is carried on.
     *
     * POST /sdk/v1/b2b/sso/authenticate
     */
    authenticate: MethodOf<typeof o.ssoAuthenticate>;
    /**
     * Delete a connection.
     *
     * Of any kind. Its registrations, its roles and the sessions that stand on it go with it, and
     * so does every External connection of other organizations that leads to it.
     *
     * DELETE /sdk/v1/b2b/sso/{connection_id}
     * A member needs stytch.sso:delete.
     */
    deleteConnection: MethodOf<typeof o.ssoDeleteConnection>;
    /**
     * Find the connections that an address may use.
     *
     * The open connections of organizations of which the address is a member, or whose domain it
     * has where a login may make it one.
     *
     * GET /sdk/v1/b2b/sso/discovery/connections
     */
    discoverConnections: MethodOf<typeof o.ssoDiscoverConnections>;
    /**
     * List an organization's connections.
     *
     * Of all three kinds, pending ones too, in the order of creation.
     *
     * GET /sdk/v1/b2b/sso
     * A member needs stytch.sso:get.
     */
    getConnections: MethodOf<typeof o.ssoGetConnections>;
    /**
     * Find the connections for an address.
     *
     * The connections of the organization that has verified the address's domain, the default one
     * first. Every address of a domain gets the same answer, whoever is a member.
     *
     * POST /sdk/v1/b2b/sso/route
     */
    route: MethodOf<typeof o.ssoRoute>;
    readonly external: {
      /**
       * Create an External connection.
       *
       * Members of this organization can then sign in through a SAML or OIDC connection of another
       * one. **Whoever administers that organization's identity provider can sign in as any member of
       * this organization**: the trust runs from the receiver to the source. The source's owner sees
       * the connection and can revoke it.
       *
       * POST /sdk/v1/b2b/sso/external
       * A member needs stytch.sso:create.
       */
      createConnection: MethodOf<typeof o.ssoExternalCreateConnection>;
      /**
       * Change an External connection.
       *
       * Name, role rules and the switch for session exchange; where it leads never changes.
       *
       * PUT /sdk/v1/b2b/sso/external/{connection_id}
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
       * POST /sdk/v1/b2b/sso/oidc
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
       * PUT /sdk/v1/b2b/sso/oidc/{connection_id}
       * A member needs stytch.sso:update.
       */
      updateConnection: MethodOf<typeof o.ssoOidcUpdateConnection>;
    };
    readonly saml: {
      /**
       * Create a SAML connection.
       *
       * It is pending until identity provider, mapping and a certificate are set.
       *
       * POST /sdk/v1/b2b/sso/saml
       * A member needs stytch.sso:create.
       */
      createConnection: MethodOf<typeof o.ssoSamlCreateConnection>;
      /**
       * Delete a decryption key.
       *
       * Assertions encrypted for it can no longer be read.
       *
       * DELETE /sdk/v1/b2b/sso/saml/{connection_id}/encryption_private_key/{private_key_id}
       * A member needs stytch.sso:update.
       */
      deleteEncryptionPrivateKey: MethodOf<typeof o.ssoSamlDeleteEncryptionPrivateKey>;
      /**
       * Delete a certificate of the identity provider.
       *
       * The last one of an active connection cannot be deleted.
       *
       * DELETE /sdk/v1/b2b/sso/saml/{connection_id}/verification_certificates/{certificate_id}
       * A member needs stytch.sso:update.
       */
      deleteVerificationCertificate: MethodOf<typeof o.ssoSamlDeleteVerificationCertificate>;
      /**
       * Change a SAML connection.
       *
       * `x509_certificate` adds a certificate to those there are, at most five.
       *
       * PUT /sdk/v1/b2b/sso/saml/{connection_id}
       * A member needs stytch.sso:update.
       */
      updateConnection: MethodOf<typeof o.ssoSamlUpdateConnection>;
      /**
       * Read a SAML connection from metadata.
       *
       * Sets entity id, SSO URL and certificates. The mapping still has to be set.
       *
       * PUT /sdk/v1/b2b/sso/saml/{connection_id}/url
       * A member needs stytch.sso:update.
       */
      updateConnectionByURL: MethodOf<typeof o.ssoSamlUpdateConnectionByURL>;
    };
  };
}

export function methods(caller: Caller): Methods {
  const of = bind(caller);
  return {
    adminPortalConfig: of(o.adminPortalConfig),
    bootstrap: of(o.bootstrap),
    adminPortal: {
      token: of(o.adminPortalToken),
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
        discovery: {
          send: of(o.magicLinksEmailDiscoverySend),
        },
      },
    },
    memberSearch: {
      byEmail: of(o.memberSearchByEmail),
    },
    organization: {
      delete: of(o.organizationDelete),
      get: of(o.organizationGet),
      getBySlug: of(o.organizationGetBySlug),
      update: of(o.organizationUpdate),
      members: {
        create: of(o.organizationMembersCreate),
        delete: of(o.organizationMembersDelete),
        deleteMFAPhoneNumber: of(o.organizationMembersDeleteMFAPhoneNumber),
        deleteMFATOTP: of(o.organizationMembersDeleteMFATOTP),
        reactivate: of(o.organizationMembersReactivate),
        search: of(o.organizationMembersSearch),
        startEmailUpdate: of(o.organizationMembersStartEmailUpdate),
        unlinkRetiredEmail: of(o.organizationMembersUnlinkRetiredEmail),
        update: of(o.organizationMembersUpdate),
      },
    },
    self: {
      deleteMFAPhoneNumber: of(o.selfDeleteMFAPhoneNumber),
      deleteMFATOTP: of(o.selfDeleteMFATOTP),
      get: of(o.selfGet),
      startEmailUpdate: of(o.selfStartEmailUpdate),
      unlinkRetiredEmail: of(o.selfUnlinkRetiredEmail),
      update: of(o.selfUpdate),
    },
    session: {
      authenticate: of(o.sessionAuthenticate),
      exchange: of(o.sessionExchange),
      revoke: of(o.sessionRevoke),
      revokeForMember: of(o.sessionRevokeForMember),
    },
    sso: {
      authenticate: of(o.ssoAuthenticate),
      deleteConnection: of(o.ssoDeleteConnection),
      discoverConnections: of(o.ssoDiscoverConnections),
      getConnections: of(o.ssoGetConnections),
      route: of(o.ssoRoute),
      external: {
        createConnection: of(o.ssoExternalCreateConnection),
        updateConnection: of(o.ssoExternalUpdateConnection),
      },
      oidc: {
        createConnection: of(o.ssoOidcCreateConnection),
        updateConnection: of(o.ssoOidcUpdateConnection),
      },
      saml: {
        createConnection: of(o.ssoSamlCreateConnection),
        deleteEncryptionPrivateKey: of(o.ssoSamlDeleteEncryptionPrivateKey),
        deleteVerificationCertificate: of(o.ssoSamlDeleteVerificationCertificate),
        updateConnection: of(o.ssoSamlUpdateConnection),
        updateConnectionByURL: of(o.ssoSamlUpdateConnectionByURL),
      },
    },
  };
}
