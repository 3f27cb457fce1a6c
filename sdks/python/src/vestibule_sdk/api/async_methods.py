"""The asynchronous methods, one for each operation.

Written by `make api`; change the operations of the server, not this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vestibule_sdk.api import operations as o
from vestibule_sdk.calls import AsMember, AsyncCaller

if TYPE_CHECKING:
    from vestibule_sdk.api import models as m


class Audit:
    """Audit."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def search(
        self,
        *,
        organization_id: str | None = None,
        action: str | None = None,
        actor: str | None = None,
        target: str | None = None,
        since: str | None = None,
        until: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> m.AuditSearchResponse:
        """Search the audit log.

        The latest events first, of one organization or of the whole project: policy, JWT
            template,
        redirect URLs and keys among them. Asking again with `next_cursor` until it is null
            carries all
        of them away, each once, whatever is recorded meanwhile.

        POST /v1/b2b/audit/search
        An extension to the wire.
        """
        return await self._call(
            o.AUDIT_SEARCH,
            {},
            {},
            {
                "organization_id": organization_id,
                "action": action,
                "actor": actor,
                "target": target,
                "since": since,
                "until": until,
                "cursor": cursor,
                "limit": limit,
            },
        )


class Branding:
    """Branding."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def get(self) -> m.BrandingResponse:
        """Get the project's branding.

        Logo, colour, corner, font and name of the portal, and who may put it into a frame.
            `accents`
        are the colours that `light` and `dark` pages wear.

        GET /v1/b2b/branding
        An extension to the wire.
        """
        return await self._call(o.BRANDING_GET, {}, {}, {})

    async def get_organization(self, *, organization_id: str) -> m.OrganizationBrandingResponse:
        """Get an organization's branding.

        What the organization has set itself; for the rest it wears what the project does.

        GET /v1/b2b/branding/{organization_id}
        An extension to the wire.
        """
        return await self._call(
            o.BRANDING_GET_ORGANIZATION, {"organization_id": organization_id}, {}, {}
        )

    async def set(
        self,
        *,
        logo: str | None = None,
        accent: str | None = None,
        radius: int | None = None,
        font: str | None = None,
        name: str | None = None,
        frame_ancestors: Sequence[str] | None = None,
        idempotency_key: str | None = None,
    ) -> m.BrandingResponse:
        """Set the project's branding.

        Every organization wears it but for what it has set itself. An accent that is hard to
            read
        is kept as it was sent and worn darker or lighter.

        PUT /v1/b2b/branding
        An extension to the wire.
        """
        return await self._call(
            o.BRANDING_SET,
            {},
            {},
            {
                "logo": logo,
                "accent": accent,
                "radius": radius,
                "font": font,
                "name": name,
                "frame_ancestors": frame_ancestors,
            },
            idempotency_key=idempotency_key,
        )

    async def set_organization(
        self,
        *,
        organization_id: str,
        logo: str | None = None,
        accent: str | None = None,
        radius: int | None = None,
        font: str | None = None,
        name: str | None = None,
        idempotency_key: str | None = None,
    ) -> m.OrganizationBrandingResponse:
        """Set an organization's branding.

        Stands over the project's, field by field.

        PUT /v1/b2b/branding/{organization_id}
        An extension to the wire.
        """
        return await self._call(
            o.BRANDING_SET_ORGANIZATION,
            {"organization_id": organization_id},
            {},
            {"logo": logo, "accent": accent, "radius": radius, "font": font, "name": name},
            idempotency_key=idempotency_key,
        )


class DiscoveryIntermediateSessions:
    """Discovery intermediate sessions."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def exchange(
        self,
        *,
        intermediate_session_token: str,
        organization_id: str,
        session_duration_minutes: int | None = None,
        session_custom_claims: Mapping[str, Any] | None = None,
        locale: str | None = None,
        idempotency_key: str | None = None,
    ) -> m.AuthenticatedResponse:
        """Enter an organization by a proven address.

        Whoever is no member becomes one where the organization takes in the domain. Where
            e-mail is
        no way to sign in, `primary_required` lists the ways; the intermediate session stays and
            is
        sent along with the next proof.

        POST /v1/b2b/discovery/intermediate_sessions/exchange
        """
        return await self._call(
            o.DISCOVERY_INTERMEDIATE_SESSIONS_EXCHANGE,
            {},
            {},
            {
                "intermediate_session_token": intermediate_session_token,
                "organization_id": organization_id,
                "session_duration_minutes": session_duration_minutes,
                "session_custom_claims": session_custom_claims,
                "locale": locale,
            },
            idempotency_key=idempotency_key,
        )


class DiscoveryOrganizations:
    """Discovery organizations."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def create(
        self,
        *,
        intermediate_session_token: str,
        organization_slug: str | None = None,
        organization_logo_url: str | None = None,
        trusted_metadata: Mapping[str, Any] | None = None,
        organization_external_id: str | None = None,
        sso_jit_provisioning: str | None = None,
        email_allowed_domains: Sequence[str] | None = None,
        email_jit_provisioning: str | None = None,
        email_invites: str | None = None,
        auth_methods: str | None = None,
        allowed_auth_methods: Sequence[str] | None = None,
        mfa_policy: str | None = None,
        rbac_email_implicit_role_assignments: Sequence[m.EmailRoleAssignment | Mapping[str, Any]]
        | None = None,
        mfa_methods: str | None = None,
        allowed_mfa_methods: Sequence[str] | None = None,
        oauth_tenant_jit_provisioning: str | None = None,
        allowed_oauth_tenants: Mapping[str, Any] | None = None,
        claimed_email_domains: Sequence[str] | None = None,
        first_party_connected_apps_allowed_type: str | None = None,
        allowed_first_party_connected_apps: Sequence[str] | None = None,
        third_party_connected_apps_allowed_type: str | None = None,
        allowed_third_party_connected_apps: Sequence[str] | None = None,
        organization_name: str | None = None,
        session_duration_minutes: int | None = None,
        session_custom_claims: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> m.AuthenticatedResponse:
        """Make an organization of one's own.

        Whoever proved the address is its first member and holds `stytch_admin`. Without a name
            it
        has that of the address's domain.

        POST /v1/b2b/discovery/organizations/create
        """
        return await self._call(
            o.DISCOVERY_ORGANIZATIONS_CREATE,
            {},
            {},
            {
                "intermediate_session_token": intermediate_session_token,
                "organization_slug": organization_slug,
                "organization_logo_url": organization_logo_url,
                "trusted_metadata": trusted_metadata,
                "organization_external_id": organization_external_id,
                "sso_jit_provisioning": sso_jit_provisioning,
                "email_allowed_domains": email_allowed_domains,
                "email_jit_provisioning": email_jit_provisioning,
                "email_invites": email_invites,
                "auth_methods": auth_methods,
                "allowed_auth_methods": allowed_auth_methods,
                "mfa_policy": mfa_policy,
                "rbac_email_implicit_role_assignments": rbac_email_implicit_role_assignments,
                "mfa_methods": mfa_methods,
                "allowed_mfa_methods": allowed_mfa_methods,
                "oauth_tenant_jit_provisioning": oauth_tenant_jit_provisioning,
                "allowed_oauth_tenants": allowed_oauth_tenants,
                "claimed_email_domains": claimed_email_domains,
                "first_party_connected_apps_allowed_type": first_party_connected_apps_allowed_type,
                "allowed_first_party_connected_apps": allowed_first_party_connected_apps,
                "third_party_connected_apps_allowed_type": third_party_connected_apps_allowed_type,
                "allowed_third_party_connected_apps": allowed_third_party_connected_apps,
                "organization_name": organization_name,
                "session_duration_minutes": session_duration_minutes,
                "session_custom_claims": session_custom_claims,
            },
            idempotency_key=idempotency_key,
        )

    async def list(
        self,
        *,
        intermediate_session_token: str | None = None,
        session_token: str | None = None,
        session_jwt: str | None = None,
        idempotency_key: str | None = None,
    ) -> m.DiscoverResponse:
        """List the organizations that an address opens.

        Those of which the address is a member's, and those that it may join: they name its
            domain in
        `email_allowed_domains`, with `email_jit_provisioning`, and have a member with a
            verified
        address of it. By an intermediate session of a magic link for discovery, or by a
            session; a
        session of SSO alone proves no address and lists its own organization.

        POST /v1/b2b/discovery/organizations
        """
        return await self._call(
            o.DISCOVERY_ORGANIZATIONS_LIST,
            {},
            {},
            {
                "intermediate_session_token": intermediate_session_token,
                "session_token": session_token,
                "session_jwt": session_jwt,
            },
            idempotency_key=idempotency_key,
        )


class Discovery:
    """Discovery."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call
        self.intermediate_sessions = DiscoveryIntermediateSessions(caller)
        self.organizations = DiscoveryOrganizations(caller)


class MagicLinksDiscovery:
    """Magic links discovery."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def authenticate(
        self,
        *,
        discovery_magic_links_token: str,
        pkce_code_verifier: str | None = None,
        idempotency_key: str | None = None,
    ) -> m.DiscoveryAuthenticated:
        """Exchange the token of a link for discovery.

        Returns an intermediate session of ten minutes and what the address opens: organizations
            of
        which it is a member's, and those that it may join. Choose one with
        `discovery/intermediate_sessions/exchange`, or make one with
            `discovery/organizations/create`.

        POST /v1/b2b/magic_links/discovery/authenticate
        """
        return await self._call(
            o.MAGIC_LINKS_DISCOVERY_AUTHENTICATE,
            {},
            {},
            {
                "discovery_magic_links_token": discovery_magic_links_token,
                "pkce_code_verifier": pkce_code_verifier,
            },
            idempotency_key=idempotency_key,
        )


class MagicLinksEmail:
    """Magic links email."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def invite(
        self,
        *,
        organization_id: str,
        email_address: str,
        invite_redirect_url: str | None = None,
        invited_by_member_id: str | None = None,
        name: str | None = None,
        trusted_metadata: Mapping[str, Any] | None = None,
        untrusted_metadata: Mapping[str, Any] | None = None,
        invite_template_id: str | None = None,
        locale: str | None = None,
        roles: Sequence[str] | None = None,
        invite_expiration_minutes: int | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.MemberResponse:
        """Invite somebody by mail.

        Makes an invited member and sends a link that works for seven days. Whoever is pending
            or
        invited already stays as they are and is sent a new link; an active member is refused.
            On behalf
        of a member it is that member who invites.

        POST /v1/b2b/magic_links/email/invite
        A member needs stytch.member:create.
        """
        return await self._call(
            o.MAGIC_LINKS_EMAIL_INVITE,
            {},
            {},
            {
                "organization_id": organization_id,
                "email_address": email_address,
                "invite_redirect_url": invite_redirect_url,
                "invited_by_member_id": invited_by_member_id,
                "name": name,
                "trusted_metadata": trusted_metadata,
                "untrusted_metadata": untrusted_metadata,
                "invite_template_id": invite_template_id,
                "locale": locale,
                "roles": roles,
                "invite_expiration_minutes": invite_expiration_minutes,
            },
            as_member,
            idempotency_key=idempotency_key,
        )

    async def login_or_signup(
        self,
        *,
        organization_id: str,
        email_address: str,
        login_redirect_url: str | None = None,
        signup_redirect_url: str | None = None,
        pkce_code_challenge: str | None = None,
        login_template_id: str | None = None,
        signup_template_id: str | None = None,
        locale: str | None = None,
        login_expiration_minutes: int | None = None,
        signup_expiration_minutes: int | None = None,
        idempotency_key: str | None = None,
    ) -> m.LinkSent:
        """Send a member a link to sign in.

        An active member is sent a link for logins; a pending or invited one a link for sign-
            ups, as
        is whoever is no member yet where `email_jit_provisioning` takes in the domain. The link
            leads
        to the redirect URL with `token` and `stytch_token_type=multi_tenant_magic_links`. It
            works
        once, for an hour or as long as asked for (5 minutes to 7 days).

        POST /v1/b2b/magic_links/email/login_or_signup
        """
        return await self._call(
            o.MAGIC_LINKS_EMAIL_LOGIN_OR_SIGNUP,
            {},
            {},
            {
                "organization_id": organization_id,
                "email_address": email_address,
                "login_redirect_url": login_redirect_url,
                "signup_redirect_url": signup_redirect_url,
                "pkce_code_challenge": pkce_code_challenge,
                "login_template_id": login_template_id,
                "signup_template_id": signup_template_id,
                "locale": locale,
                "login_expiration_minutes": login_expiration_minutes,
                "signup_expiration_minutes": signup_expiration_minutes,
            },
            idempotency_key=idempotency_key,
        )


class MagicLinksEmailDiscovery:
    """Magic links email discovery."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def send(
        self,
        *,
        email_address: str,
        discovery_redirect_url: str | None = None,
        pkce_code_challenge: str | None = None,
        login_template_id: str | None = None,
        locale: str | None = None,
        discovery_expiration_minutes: int | None = None,
        idempotency_key: str | None = None,
    ) -> m.Envelope:
        """Send a link that proves an address.

        For somebody who does not say to which organization: the link leads to the redirect URL
            with
        `token` and `stytch_token_type=discovery`. It is sent to whoever asks, member or not.

        POST /v1/b2b/magic_links/email/discovery/send
        """
        return await self._call(
            o.MAGIC_LINKS_EMAIL_DISCOVERY_SEND,
            {},
            {},
            {
                "email_address": email_address,
                "discovery_redirect_url": discovery_redirect_url,
                "pkce_code_challenge": pkce_code_challenge,
                "login_template_id": login_template_id,
                "locale": locale,
                "discovery_expiration_minutes": discovery_expiration_minutes,
            },
            idempotency_key=idempotency_key,
        )


class MagicLinks:
    """Magic links."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call
        self.discovery = MagicLinksDiscovery(caller)
        self.email = MagicLinksEmail(caller)
        self.email_discovery = MagicLinksEmailDiscovery(caller)

    async def authenticate(
        self,
        *,
        magic_links_token: str,
        pkce_code_verifier: str | None = None,
        session_token: str | None = None,
        session_jwt: str | None = None,
        session_duration_minutes: int | None = None,
        session_custom_claims: Mapping[str, Any] | None = None,
        locale: str | None = None,
        intermediate_session_token: str | None = None,
        idempotency_key: str | None = None,
    ) -> m.LinkAuthenticated:
        """Exchange the token of a link.

        Turns the `token` that came to the redirect URL into a session, once. The member is
            active
        and their address verified from now on. When a second factor is required, there is no
            session
        yet but an intermediate one.

        POST /v1/b2b/magic_links/authenticate
        """
        return await self._call(
            o.MAGIC_LINKS_AUTHENTICATE,
            {},
            {},
            {
                "magic_links_token": magic_links_token,
                "pkce_code_verifier": pkce_code_verifier,
                "session_token": session_token,
                "session_jwt": session_jwt,
                "session_duration_minutes": session_duration_minutes,
                "session_custom_claims": session_custom_claims,
                "locale": locale,
                "intermediate_session_token": intermediate_session_token,
            },
            idempotency_key=idempotency_key,
        )


class ManagementJwtTemplates:
    """Management jwt templates."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def get(
        self, *, project_slug: str, environment_slug: str, jwt_template_type: str
    ) -> m.JwtTemplateResponse:
        """Get the template of session JWTs.

        With a workspace key, or with the project's own id and secret. The only type is SESSION.
            The
        text is as it was given, and empty where none was set.

        GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/jwt_templates/{jwt_template_type}
        """
        return await self._call(
            o.MANAGEMENT_JWT_TEMPLATES_GET,
            {
                "project_slug": project_slug,
                "environment_slug": environment_slug,
                "jwt_template_type": jwt_template_type,
            },
            {},
            {},
        )

    async def set(
        self,
        *,
        project_slug: str,
        environment_slug: str,
        jwt_template_type: str,
        jwt_template: m.JwtTemplateChanges | Mapping[str, Any] | None = None,
        template_content: str | None = None,
        custom_audience: str | None = None,
        idempotency_key: str | None = None,
    ) -> m.JwtTemplateResponse:
        """Set the template of session JWTs.

        The text is JSON whose values may be `{{ path }}`, quoted or not, with paths of member
            and
        organization. The next JWT of every session shows it. `custom_audience` stands beside
            the
        project's id in `aud`. An empty text takes the template away, no audience takes that
            away. A
        refusal says line, column and claim.

        PUT /pwa/v3/projects/{project_slug}/environments/{environment_slug}/jwt_templates/{jwt_template_type}
        """
        return await self._call(
            o.MANAGEMENT_JWT_TEMPLATES_SET,
            {
                "project_slug": project_slug,
                "environment_slug": environment_slug,
                "jwt_template_type": jwt_template_type,
            },
            {},
            {
                "jwt_template": jwt_template,
                "template_content": template_content,
                "custom_audience": custom_audience,
            },
            idempotency_key=idempotency_key,
        )


class ManagementPublicTokens:
    """Management public tokens."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def create(
        self, *, project_slug: str, environment_slug: str, idempotency_key: str | None = None
    ) -> m.PublicTokenResponse:
        """Create a public token.

        One more beside those that there are, which go on working.

        POST /pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens
        """
        return await self._call(
            o.MANAGEMENT_PUBLIC_TOKENS_CREATE,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {},
            idempotency_key=idempotency_key,
        )

    async def delete(
        self,
        *,
        project_slug: str,
        environment_slug: str,
        public_token: str,
        force: bool | None = None,
        idempotency_key: str | None = None,
    ) -> m.Response:
        """Delete a public token.

        Pages and logins that name it are refused from now on. The last one goes only with
        `force`.

        DELETE /pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens/{public_token}
        """
        return await self._call(
            o.MANAGEMENT_PUBLIC_TOKENS_DELETE,
            {
                "project_slug": project_slug,
                "environment_slug": environment_slug,
                "public_token": public_token,
            },
            {"force": force},
            {},
            idempotency_key=idempotency_key,
        )

    async def get(
        self, *, project_slug: str, environment_slug: str, public_token: str
    ) -> m.PublicTokenResponse:
        """Get a public token.

        When it was made.

        GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens/{public_token}
        """
        return await self._call(
            o.MANAGEMENT_PUBLIC_TOKENS_GET,
            {
                "project_slug": project_slug,
                "environment_slug": environment_slug,
                "public_token": public_token,
            },
            {},
            {},
        )

    async def get_all(self, *, project_slug: str, environment_slug: str) -> m.PublicTokensResponse:
        """List the public tokens.

        In the order of creation.

        GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens
        """
        return await self._call(
            o.MANAGEMENT_PUBLIC_TOKENS_GET_ALL,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {},
        )


class ManagementRbacPolicy:
    """Management rbac policy."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def get(self, *, project_slug: str, environment_slug: str) -> m.ManagedPolicyResponse:
        """Get the policy for management.

        With a workspace key, or with the project's own id and secret.

        GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/rbac_policy
        """
        return await self._call(
            o.MANAGEMENT_RBAC_POLICY_GET,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {},
        )

    async def set(
        self,
        *,
        project_slug: str,
        environment_slug: str,
        policy: m.ManagedPolicyChanges | Mapping[str, Any] | None = None,
        custom_roles: Sequence[m.RoleDocument | Mapping[str, Any]] | None = None,
        custom_resources: Sequence[m.ManagedResource | Mapping[str, Any]] | None = None,
        custom_scopes: Sequence[Mapping[str, Any]] | None = None,
        stytch_member: m.BuiltInRole | Mapping[str, Any] | None = None,
        stytch_admin: m.BuiltInRole | Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> m.ManagedPolicyResponse:
        """Set the policy.

        Replaces the team's own roles and resources, and what the built-in roles grant beyond
            what
        they always do: a part that is left out is empty afterwards, and a body without any part
            is
        refused. Scopes are for tokens that are not issued here, so there can be none.

        PUT /pwa/v3/projects/{project_slug}/environments/{environment_slug}/rbac_policy
        """
        return await self._call(
            o.MANAGEMENT_RBAC_POLICY_SET,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {
                "policy": policy,
                "custom_roles": custom_roles,
                "custom_resources": custom_resources,
                "custom_scopes": custom_scopes,
                "stytch_member": stytch_member,
                "stytch_admin": stytch_admin,
            },
            idempotency_key=idempotency_key,
        )


class ManagementRedirectUrls:
    """Management redirect urls."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def create(
        self,
        *,
        project_slug: str,
        environment_slug: str,
        url: str,
        valid_types: Sequence[m.ValidType | Mapping[str, Any]],
        do_not_promote_defaults: bool | None = None,
        idempotency_key: str | None = None,
    ) -> m.RedirectUrlResponse:
        """Register a redirect URL.

        An https URL, to the letter but for its query, that may receive tokens of these types.
            One
        that is registered already is changed.

        POST /pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls
        """
        return await self._call(
            o.MANAGEMENT_REDIRECT_URLS_CREATE,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {
                "url": url,
                "valid_types": valid_types,
                "do_not_promote_defaults": do_not_promote_defaults,
            },
            idempotency_key=idempotency_key,
        )

    async def delete(
        self,
        *,
        project_slug: str,
        environment_slug: str,
        url: str,
        do_not_promote_defaults: bool | None = None,
        idempotency_key: str | None = None,
    ) -> m.Response:
        """Delete a redirect URL.

        It receives no more tokens. For what it was the default, another one is that now.

        DELETE /pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls
        """
        return await self._call(
            o.MANAGEMENT_REDIRECT_URLS_DELETE,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {"url": url, "do_not_promote_defaults": do_not_promote_defaults},
            {},
            idempotency_key=idempotency_key,
        )

    async def get(
        self, *, project_slug: str, environment_slug: str, url: str | None = None
    ) -> m.RedirectUrlsResponse:
        """Get one redirect URL or all.

        With `url` that one alone, in `redirect_url` too.

        GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls
        """
        return await self._call(
            o.MANAGEMENT_REDIRECT_URLS_GET,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {"url": url},
            {},
        )

    async def get_all(self, *, project_slug: str, environment_slug: str) -> m.RedirectUrlsResponse:
        """List the redirect URLs.

        In the order of their registration.

        GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls/all
        """
        return await self._call(
            o.MANAGEMENT_REDIRECT_URLS_GET_ALL,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {},
        )

    async def update(
        self,
        *,
        project_slug: str,
        environment_slug: str,
        valid_types: Sequence[m.ValidType | Mapping[str, Any]],
        url: str | None = None,
        do_not_promote_defaults: bool | None = None,
        idempotency_key: str | None = None,
    ) -> m.RedirectUrlResponse:
        """Change a redirect URL.

        `valid_types` are all that it is registered for afterwards.

        PUT /pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls
        """
        return await self._call(
            o.MANAGEMENT_REDIRECT_URLS_UPDATE,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {
                "valid_types": valid_types,
                "url": url,
                "do_not_promote_defaults": do_not_promote_defaults,
            },
            idempotency_key=idempotency_key,
        )


class ManagementSdk:
    """Management sdk."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def get_b2b(self, *, project_slug: str, environment_slug: str) -> m.SdkConfigResponse:
        """Get what pages may do.

        With a workspace key, or with the project's own id and secret. What is not offered is
            shown
        as off.

        GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/sdk/b2b
        """
        return await self._call(
            o.MANAGEMENT_SDK_GET_B2B,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {},
        )

    async def set_b2b(
        self,
        *,
        project_slug: str,
        environment_slug: str,
        config: m.SdkConfigChanges | Mapping[str, Any],
        idempotency_key: str | None = None,
    ) -> m.SdkConfigResponse:
        """Set what pages may do.

        `basic.enabled` turns the frontend API on and off; `basic.domains` are all the origins
            whose
        pages may call it, such as `https://app.example.com` or `https://*.example.com`;
        `basic.allow_self_onboarding` says whether people may make organizations from a page.
            `sso` and
        `magic_links` say whether logins need PKCE, both the same, `sessions` how long a session
            may be.
        A part that is left out stays as it is; what is not offered can only be sent as it is
            shown.

        PUT /pwa/v3/projects/{project_slug}/environments/{environment_slug}/sdk/b2b
        """
        return await self._call(
            o.MANAGEMENT_SDK_SET_B2B,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {"config": config},
            idempotency_key=idempotency_key,
        )


class ManagementSecrets:
    """Management secrets."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def create(
        self, *, project_slug: str, environment_slug: str, idempotency_key: str | None = None
    ) -> m.CreatedSecretResponse:
        """Create a secret.

        One more beside those that there are, which go on working. This answer is the only one
            that
        shows it.

        POST /pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets
        """
        return await self._call(
            o.MANAGEMENT_SECRETS_CREATE,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {},
            idempotency_key=idempotency_key,
        )

    async def delete(
        self,
        *,
        project_slug: str,
        environment_slug: str,
        secret_id: str,
        force: bool | None = None,
        idempotency_key: str | None = None,
    ) -> m.Response:
        """Delete a secret.

        The next call with it is refused. The last one goes only with `force`.

        DELETE /pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets/{secret_id}
        """
        return await self._call(
            o.MANAGEMENT_SECRETS_DELETE,
            {
                "project_slug": project_slug,
                "environment_slug": environment_slug,
                "secret_id": secret_id,
            },
            {"force": force},
            {},
            idempotency_key=idempotency_key,
        )

    async def get(
        self, *, project_slug: str, environment_slug: str, secret_id: str
    ) -> m.SecretResponse:
        """Get a secret.

        When it was made, and its last four characters.

        GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets/{secret_id}
        """
        return await self._call(
            o.MANAGEMENT_SECRETS_GET,
            {
                "project_slug": project_slug,
                "environment_slug": environment_slug,
                "secret_id": secret_id,
            },
            {},
            {},
        )

    async def get_all(self, *, project_slug: str, environment_slug: str) -> m.SecretsResponse:
        """List the secrets.

        In the order of creation. The secrets themselves are stored hashed and shown to nobody.

        GET /pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets
        """
        return await self._call(
            o.MANAGEMENT_SECRETS_GET_ALL,
            {"project_slug": project_slug, "environment_slug": environment_slug},
            {},
            {},
        )


class Management:
    """Management."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call
        self.jwt_templates = ManagementJwtTemplates(caller)
        self.public_tokens = ManagementPublicTokens(caller)
        self.rbac_policy = ManagementRbacPolicy(caller)
        self.redirect_urls = ManagementRedirectUrls(caller)
        self.sdk = ManagementSdk(caller)
        self.secrets = ManagementSecrets(caller)


class OrganizationsMembers:
    """Organizations members."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def create(
        self,
        *,
        organization_id: str,
        email_address: str,
        name: str | None = None,
        trusted_metadata: Mapping[str, Any] | None = None,
        untrusted_metadata: Mapping[str, Any] | None = None,
        create_member_as_pending: bool | None = None,
        is_breakglass: bool | None = None,
        mfa_phone_number: str | None = None,
        mfa_enrolled: bool | None = None,
        roles: Sequence[str] | None = None,
        external_id: str | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.MemberResponse:
        """Create a member.

        `roles` are the explicit roles. Who is created as pending becomes active by signing in.

        POST /v1/b2b/organizations/{organization_id}/members
        A member needs stytch.member:create.
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_CREATE,
            {"organization_id": organization_id},
            {},
            {
                "email_address": email_address,
                "name": name,
                "trusted_metadata": trusted_metadata,
                "untrusted_metadata": untrusted_metadata,
                "create_member_as_pending": create_member_as_pending,
                "is_breakglass": is_breakglass,
                "mfa_phone_number": mfa_phone_number,
                "mfa_enrolled": mfa_enrolled,
                "roles": roles,
                "external_id": external_id,
            },
            as_member,
            idempotency_key=idempotency_key,
        )

    async def dangerously_get(
        self, *, member_id: str, include_deleted: bool | None = None
    ) -> m.MemberResponse:
        """Get a member of any organization.

        For the project secret only, since it looks across organizations.

        GET /v1/b2b/organizations/members/dangerously_get/{member_id}
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_DANGEROUSLY_GET,
            {"member_id": member_id},
            {"include_deleted": include_deleted},
            {},
        )

    async def delete(
        self,
        *,
        organization_id: str,
        member_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DeletedMember:
        """Delete a member.

        Every session ends. The identity stays known, so that it cannot come in again as new.

        DELETE /v1/b2b/organizations/{organization_id}/members/{member_id}
        A member needs stytch.member:delete, or stytch.self for oneself.
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_DELETE,
            {"organization_id": organization_id, "member_id": member_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def delete_external_id(
        self,
        *,
        organization_id: str,
        member_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.MemberResponse:
        """Take away a member's external id.

        For the project secret only.

        DELETE /v1/b2b/organizations/{organization_id}/members/{member_id}/external_id
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_DELETE_EXTERNAL_ID,
            {"organization_id": organization_id, "member_id": member_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def delete_mfa_phone_number(
        self,
        *,
        organization_id: str,
        member_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.MemberResponse:
        """Take away a member's phone number.

        The number can be set again afterwards.

        DELETE /v1/b2b/organizations/{organization_id}/members/mfa_phone_numbers/{member_id}
        A member needs stytch.member:update.info.delete.mfa-phone, or stytch.self for oneself.
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_DELETE_MFA_PHONE_NUMBER,
            {"organization_id": organization_id, "member_id": member_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def delete_totp(
        self,
        *,
        organization_id: str,
        member_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.MemberResponse:
        """Take away a member's TOTP.

        Members have no TOTP here, so this changes nothing and says so by succeeding.

        DELETE /v1/b2b/organizations/{organization_id}/members/{member_id}/totp
        A member needs stytch.member:update.info.delete.mfa-totp, or stytch.self for oneself.
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_DELETE_TOTP,
            {"organization_id": organization_id, "member_id": member_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def explain_roles(
        self, *, organization_id: str, member_id: str, as_member: AsMember | None = None
    ) -> m.RolesExplained:
        """Explain why a member holds each role.

        Every role with all its sources, the sessions in which it counts at this moment, and the
        groups and time of the last login through each connection.

        GET /v1/b2b/organizations/{organization_id}/members/{member_id}/roles/explain
        A member needs stytch.member:search.
        An extension to the wire.
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_EXPLAIN_ROLES,
            {"organization_id": organization_id, "member_id": member_id},
            {},
            {},
            as_member,
        )

    async def get(
        self,
        *,
        organization_id: str,
        member_id: str | None = None,
        email_address: str | None = None,
    ) -> m.MemberResponse:
        """Get a member.

        By exactly one of `member_id` (or external id) and `email_address`.

        GET /v1/b2b/organizations/{organization_id}/member
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_GET,
            {"organization_id": organization_id},
            {"member_id": member_id, "email_address": email_address},
            {},
        )

    async def oidc_providers(
        self,
        *,
        organization_id: str,
        member_id: str,
        include_refresh_token: bool | None = None,
        minimum_seconds: int | None = None,
        connection_id: str | None = None,
    ) -> m.OidcProvidersResponse:
        """Get a member's tokens of their OIDC identity providers.

        Access tokens are refreshed before they end and, where that did not work yet, before
            they
        are returned. With `minimum_seconds` (an extension) no token is returned with less time
            left,
        unless the provider refuses or gives shorter-lived ones; without it that is five
            minutes, or a
        third of a short life. `connection_id` (an extension) asks for one registration alone.
            `state`
        is `current`, `retrying` or `needs_login`; the last one comes with the `login_url` of
            exactly
        that connection, also in the details of `unable_to_refresh_oidc_token`. For the project
            secret
        only.

        GET /v1/b2b/organizations/{organization_id}/members/{member_id}/oidc_providers
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_OIDC_PROVIDERS,
            {"organization_id": organization_id, "member_id": member_id},
            {
                "include_refresh_token": include_refresh_token,
                "minimum_seconds": minimum_seconds,
                "connection_id": connection_id,
            },
            {},
        )

    async def reactivate(
        self,
        *,
        organization_id: str,
        member_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.MemberResponse:
        """Bring a deleted member back.

        Needs a verified e-mail address that nobody else has taken meanwhile.

        PUT /v1/b2b/organizations/{organization_id}/members/{member_id}/reactivate
        A member needs stytch.member:create.
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_REACTIVATE,
            {"organization_id": organization_id, "member_id": member_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def search(
        self,
        *,
        organization_ids: Sequence[str],
        cursor: str | None = None,
        limit: int | None = None,
        query: m.SearchQuery | Mapping[str, Any] | None = None,
        as_member: AsMember | None = None,
    ) -> m.MemberPage:
        """Search members.

        A page in the order of creation. Deleted members only where `statuses` asks for them.

        POST /v1/b2b/organizations/members/search
        A member needs stytch.member:search.
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_SEARCH,
            {},
            {},
            {
                "organization_ids": organization_ids,
                "cursor": cursor,
                "limit": limit,
                "query": query,
            },
            as_member,
        )

    async def start_email_update(
        self,
        *,
        organization_id: str,
        member_id: str,
        email_address: str,
        login_redirect_url: str | None = None,
        locale: str | None = None,
        login_template_id: str | None = None,
        delivery_method: str | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.MemberResponse:
        """Send a member a link that changes their address.

        The link goes to the new address; once its token has been exchanged like that of any
            magic
        link, the address is the member's, verified, and the old one is retired. Members may do
            this
        for themselves.

        POST /v1/b2b/organizations/{organization_id}/members/{member_id}/start_email_update
        A member needs stytch.member:update.info.email, or stytch.self for oneself.
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_START_EMAIL_UPDATE,
            {"organization_id": organization_id, "member_id": member_id},
            {},
            {
                "email_address": email_address,
                "login_redirect_url": login_redirect_url,
                "locale": locale,
                "login_template_id": login_template_id,
                "delivery_method": delivery_method,
            },
            as_member,
            idempotency_key=idempotency_key,
        )

    async def unlink_retired_email(
        self,
        *,
        organization_id: str,
        member_id: str,
        email_id: str | None = None,
        email_address: str | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.UnlinkedResponse:
        """Forget a member's retired address.

        By its id or by the address; afterwards somebody else can have it.

        POST /v1/b2b/organizations/{organization_id}/members/{member_id}/unlink_retired_email
        A member needs stytch.member:update.info.unlink.retired-email, or stytch.self for oneself.
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_UNLINK_RETIRED_EMAIL,
            {"organization_id": organization_id, "member_id": member_id},
            {},
            {"email_id": email_id, "email_address": email_address},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def update(
        self,
        *,
        organization_id: str,
        member_id: str,
        name: str | None = None,
        trusted_metadata: Mapping[str, Any] | None = None,
        untrusted_metadata: Mapping[str, Any] | None = None,
        is_breakglass: bool | None = None,
        mfa_phone_number: str | None = None,
        mfa_enrolled: bool | None = None,
        roles: Sequence[str] | None = None,
        preserve_existing_sessions: bool | None = None,
        default_mfa_method: str | None = None,
        email_address: str | None = None,
        external_id: str | None = None,
        unlink_email: bool | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.MemberResponse:
        """Change a member.

        Only the fields that are sent change. `roles` replaces the explicit roles; taking away
            one
        that a login gives as well ends the sessions of that login, unless
        `preserve_existing_sessions` is true.

        PUT /v1/b2b/organizations/{organization_id}/members/{member_id}
        A member needs stytch.member: one action for each field, or stytch.self for oneself.
        """
        return await self._call(
            o.ORGANIZATIONS_MEMBERS_UPDATE,
            {"organization_id": organization_id, "member_id": member_id},
            {},
            {
                "name": name,
                "trusted_metadata": trusted_metadata,
                "untrusted_metadata": untrusted_metadata,
                "is_breakglass": is_breakglass,
                "mfa_phone_number": mfa_phone_number,
                "mfa_enrolled": mfa_enrolled,
                "roles": roles,
                "preserve_existing_sessions": preserve_existing_sessions,
                "default_mfa_method": default_mfa_method,
                "email_address": email_address,
                "external_id": external_id,
                "unlink_email": unlink_email,
            },
            as_member,
            idempotency_key=idempotency_key,
        )


class Organizations:
    """Organizations."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call
        self.members = OrganizationsMembers(caller)

    async def check_domain(
        self,
        *,
        organization_id: str,
        domain: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DomainResponse:
        """Look for the record of a domain.

        Asks the DNS now. A record that is not there is no refusal: `verified` and `last_error`
            say
        what was found. In a project one organization has a verified domain. From then on people
            with an
        address there are led to the organization's connections (`sso.route`); who may be let in
            stays
        as it is. The record is looked for again each month; after three checks in a row, a day
            apart,
        without it the domain counts no longer.

        POST /v1/b2b/organizations/{organization_id}/domains/{domain}/check
        A member needs stytch.organization:update.settings.allowed-domains.
        An extension to the wire.
        """
        return await self._call(
            o.ORGANIZATIONS_CHECK_DOMAIN,
            {"organization_id": organization_id, "domain": domain},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def check_lockout(
        self,
        *,
        organization_id: str,
        delete_connection_id: str | None = None,
        delete_member_id: str | None = None,
        member_id: str | None = None,
        roles: Sequence[str] | None = None,
        is_breakglass: bool | None = None,
        auth_methods: str | None = None,
        allowed_auth_methods: Sequence[str] | None = None,
        as_member: AsMember | None = None,
    ) -> m.LockoutResponse:
        """Ask whether an administrator would be left.

        Who can administer the organization now, and who could after a change that is only asked
        about: deleting `delete_connection_id` or `delete_member_id`, giving `member_id` other
            explicit
        `roles` or another `is_breakglass`, or other `auth_methods`. Ask before you do it;
            `warning` is
        the sentence to show, "" when all is well. Nothing changes. For a change of a
            connection's
        settings ask its dry run.

        POST /v1/b2b/organizations/{organization_id}/lockout_check
        A member needs stytch.member:search.
        An extension to the wire.
        """
        return await self._call(
            o.ORGANIZATIONS_CHECK_LOCKOUT,
            {"organization_id": organization_id},
            {},
            {
                "delete_connection_id": delete_connection_id,
                "delete_member_id": delete_member_id,
                "member_id": member_id,
                "roles": roles,
                "is_breakglass": is_breakglass,
                "auth_methods": auth_methods,
                "allowed_auth_methods": allowed_auth_methods,
            },
            as_member,
        )

    async def claim_domain(
        self,
        *,
        organization_id: str,
        domain: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DomainResponse:
        """Begin to verify a domain.

        Says which TXT record proves that the domain is the organization's own; asked again, it
            is
        the same one. Domains that many share, such as gmail.com, and public suffixes are
            refused.

        POST /v1/b2b/organizations/{organization_id}/domains
        A member needs stytch.organization:update.settings.allowed-domains.
        An extension to the wire.
        """
        return await self._call(
            o.ORGANIZATIONS_CLAIM_DOMAIN,
            {"organization_id": organization_id},
            {},
            {"domain": domain},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def create(
        self,
        *,
        organization_name: str,
        organization_slug: str | None = None,
        organization_logo_url: str | None = None,
        trusted_metadata: Mapping[str, Any] | None = None,
        organization_external_id: str | None = None,
        sso_jit_provisioning: str | None = None,
        email_allowed_domains: Sequence[str] | None = None,
        email_jit_provisioning: str | None = None,
        email_invites: str | None = None,
        auth_methods: str | None = None,
        allowed_auth_methods: Sequence[str] | None = None,
        mfa_policy: str | None = None,
        rbac_email_implicit_role_assignments: Sequence[m.EmailRoleAssignment | Mapping[str, Any]]
        | None = None,
        mfa_methods: str | None = None,
        allowed_mfa_methods: Sequence[str] | None = None,
        oauth_tenant_jit_provisioning: str | None = None,
        allowed_oauth_tenants: Mapping[str, Any] | None = None,
        claimed_email_domains: Sequence[str] | None = None,
        first_party_connected_apps_allowed_type: str | None = None,
        allowed_first_party_connected_apps: Sequence[str] | None = None,
        third_party_connected_apps_allowed_type: str | None = None,
        allowed_third_party_connected_apps: Sequence[str] | None = None,
        idempotency_key: str | None = None,
    ) -> m.OrganizationResponse:
        """Create an organization.

        Only the name is needed. Without a slug one is made of the name and kept unique.

        POST /v1/b2b/organizations
        """
        return await self._call(
            o.ORGANIZATIONS_CREATE,
            {},
            {},
            {
                "organization_name": organization_name,
                "organization_slug": organization_slug,
                "organization_logo_url": organization_logo_url,
                "trusted_metadata": trusted_metadata,
                "organization_external_id": organization_external_id,
                "sso_jit_provisioning": sso_jit_provisioning,
                "email_allowed_domains": email_allowed_domains,
                "email_jit_provisioning": email_jit_provisioning,
                "email_invites": email_invites,
                "auth_methods": auth_methods,
                "allowed_auth_methods": allowed_auth_methods,
                "mfa_policy": mfa_policy,
                "rbac_email_implicit_role_assignments": rbac_email_implicit_role_assignments,
                "mfa_methods": mfa_methods,
                "allowed_mfa_methods": allowed_mfa_methods,
                "oauth_tenant_jit_provisioning": oauth_tenant_jit_provisioning,
                "allowed_oauth_tenants": allowed_oauth_tenants,
                "claimed_email_domains": claimed_email_domains,
                "first_party_connected_apps_allowed_type": first_party_connected_apps_allowed_type,
                "allowed_first_party_connected_apps": allowed_first_party_connected_apps,
                "third_party_connected_apps_allowed_type": third_party_connected_apps_allowed_type,
                "allowed_third_party_connected_apps": allowed_third_party_connected_apps,
            },
            idempotency_key=idempotency_key,
        )

    async def delete(
        self,
        *,
        organization_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DeletedOrganization:
        """Delete an organization.

        With its members, sessions and connections, and with every External connection of other
        organizations that leads to one of these.

        DELETE /v1/b2b/organizations/{organization_id}
        A member needs stytch.organization:delete.
        """
        return await self._call(
            o.ORGANIZATIONS_DELETE,
            {"organization_id": organization_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def delete_domain(
        self,
        *,
        organization_id: str,
        domain: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DeletedDomainResponse:
        """Give up a domain.

        The domain leads nobody here any more, and another organization may prove it.

        DELETE /v1/b2b/organizations/{organization_id}/domains/{domain}
        A member needs stytch.organization:update.settings.allowed-domains.
        An extension to the wire.
        """
        return await self._call(
            o.ORGANIZATIONS_DELETE_DOMAIN,
            {"organization_id": organization_id, "domain": domain},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def delete_external_id(
        self,
        *,
        organization_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.OrganizationResponse:
        """Take away an organization's external id.

        For the project secret only.

        DELETE /v1/b2b/organizations/{organization_id}/external_id
        """
        return await self._call(
            o.ORGANIZATIONS_DELETE_EXTERNAL_ID,
            {"organization_id": organization_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def get(self, *, organization_id: str) -> m.OrganizationResponse:
        """Get an organization.

        By its id, its slug or its external id.

        GET /v1/b2b/organizations/{organization_id}
        """
        return await self._call(o.ORGANIZATIONS_GET, {"organization_id": organization_id}, {}, {})

    async def get_domains(
        self, *, organization_id: str, as_member: AsMember | None = None
    ) -> m.DomainsResponse:
        """List the domains.

        Every domain that the organization has claimed, proved or not.

        GET /v1/b2b/organizations/{organization_id}/domains
        A member needs stytch.organization:update.settings.allowed-domains.
        An extension to the wire.
        """
        return await self._call(
            o.ORGANIZATIONS_GET_DOMAINS, {"organization_id": organization_id}, {}, {}, as_member
        )

    async def metrics(self, *, organization_id: str) -> m.Metrics:
        """Count an organization's members.

        Deleted members are not counted.

        GET /v1/b2b/organizations/{organization_id}/metrics
        """
        return await self._call(
            o.ORGANIZATIONS_METRICS, {"organization_id": organization_id}, {}, {}
        )

    async def search(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        query: m.SearchQuery | Mapping[str, Any] | None = None,
    ) -> m.OrganizationPage:
        """Search organizations.

        A page in the order of creation. Without a query: all.

        POST /v1/b2b/organizations/search
        """
        return await self._call(
            o.ORGANIZATIONS_SEARCH, {}, {}, {"cursor": cursor, "limit": limit, "query": query}
        )

    async def update(
        self,
        *,
        organization_id: str,
        organization_name: str | None = None,
        organization_slug: str | None = None,
        organization_logo_url: str | None = None,
        trusted_metadata: Mapping[str, Any] | None = None,
        organization_external_id: str | None = None,
        sso_jit_provisioning: str | None = None,
        email_allowed_domains: Sequence[str] | None = None,
        email_jit_provisioning: str | None = None,
        email_invites: str | None = None,
        auth_methods: str | None = None,
        allowed_auth_methods: Sequence[str] | None = None,
        mfa_policy: str | None = None,
        rbac_email_implicit_role_assignments: Sequence[m.EmailRoleAssignment | Mapping[str, Any]]
        | None = None,
        mfa_methods: str | None = None,
        allowed_mfa_methods: Sequence[str] | None = None,
        oauth_tenant_jit_provisioning: str | None = None,
        allowed_oauth_tenants: Mapping[str, Any] | None = None,
        claimed_email_domains: Sequence[str] | None = None,
        first_party_connected_apps_allowed_type: str | None = None,
        allowed_first_party_connected_apps: Sequence[str] | None = None,
        third_party_connected_apps_allowed_type: str | None = None,
        allowed_third_party_connected_apps: Sequence[str] | None = None,
        sso_default_connection_id: str | None = None,
        sso_jit_provisioning_allowed_connections: Sequence[str] | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.OrganizationResponse:
        """Change an organization.

        Only the fields that are sent change. Lists are replaced whole; metadata is merged at
            its
        top level, where a null deletes a key.

        PUT /v1/b2b/organizations/{organization_id}
        A member needs stytch.organization: one action for each field.
        """
        return await self._call(
            o.ORGANIZATIONS_UPDATE,
            {"organization_id": organization_id},
            {},
            {
                "organization_name": organization_name,
                "organization_slug": organization_slug,
                "organization_logo_url": organization_logo_url,
                "trusted_metadata": trusted_metadata,
                "organization_external_id": organization_external_id,
                "sso_jit_provisioning": sso_jit_provisioning,
                "email_allowed_domains": email_allowed_domains,
                "email_jit_provisioning": email_jit_provisioning,
                "email_invites": email_invites,
                "auth_methods": auth_methods,
                "allowed_auth_methods": allowed_auth_methods,
                "mfa_policy": mfa_policy,
                "rbac_email_implicit_role_assignments": rbac_email_implicit_role_assignments,
                "mfa_methods": mfa_methods,
                "allowed_mfa_methods": allowed_mfa_methods,
                "oauth_tenant_jit_provisioning": oauth_tenant_jit_provisioning,
                "allowed_oauth_tenants": allowed_oauth_tenants,
                "claimed_email_domains": claimed_email_domains,
                "first_party_connected_apps_allowed_type": first_party_connected_apps_allowed_type,
                "allowed_first_party_connected_apps": allowed_first_party_connected_apps,
                "third_party_connected_apps_allowed_type": third_party_connected_apps_allowed_type,
                "allowed_third_party_connected_apps": allowed_third_party_connected_apps,
                "sso_default_connection_id": sso_default_connection_id,
                "sso_jit_provisioning_allowed_connections": sso_jit_provisioning_allowed_connections,
            },
            as_member,
            idempotency_key=idempotency_key,
        )


class RbacOrganizations:
    """Rbac organizations."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def get_org_policy(self, *, organization_id: str) -> m.OrgPolicyResponse:
        """Get the roles of an organization's own.

        An empty list when there are none.

        GET /v1/b2b/rbac/organizations/{organization_id}
        """
        return await self._call(
            o.RBAC_ORGANIZATIONS_GET_ORG_POLICY, {"organization_id": organization_id}, {}, {}
        )

    async def set_org_policy(
        self,
        *,
        organization_id: str,
        org_policy: m.OrgPolicy | Mapping[str, Any],
        idempotency_key: str | None = None,
    ) -> m.OrgPolicyResponse:
        """Set the roles of an organization's own.

        Replaces them all. Their ids must not be those of the project's roles.

        PUT /v1/b2b/rbac/organizations/{organization_id}
        """
        return await self._call(
            o.RBAC_ORGANIZATIONS_SET_ORG_POLICY,
            {"organization_id": organization_id},
            {},
            {"org_policy": org_policy},
            idempotency_key=idempotency_key,
        )


class Rbac:
    """Rbac."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call
        self.organizations = RbacOrganizations(caller)

    async def policy(self) -> m.PolicyResponse:
        """Get the project's policy.

        Roles, resources and their actions, the built-in ones included.

        GET /v1/b2b/rbac/policy
        """
        return await self._call(o.RBAC_POLICY, {}, {}, {})


class ScimConnection:
    """Scim connection."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def get(
        self, *, organization_id: str, as_member: AsMember | None = None
    ) -> m.ScimConnectionResponse:
        """Get an organization's SCIM connection.

        Directories are not read yet, so it is always null.

        GET /v1/b2b/scim/{organization_id}/connection
        A member needs stytch.scim:get.
        """
        return await self._call(
            o.SCIM_CONNECTION_GET, {"organization_id": organization_id}, {}, {}, as_member
        )


class Scim:
    """Scim."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call
        self.connection = ScimConnection(caller)


class Sessions:
    """Sessions."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def authenticate(
        self,
        *,
        session_token: str | None = None,
        session_jwt: str | None = None,
        session_duration_minutes: int | None = None,
        session_custom_claims: Mapping[str, Any] | None = None,
        authorization_check: m.AuthorizationCheckDocument | Mapping[str, Any] | None = None,
    ) -> m.SessionResponse:
        """Authenticate a session.

        By its token or by one of its JWTs, an expired one too. Returns a fresh JWT. With
        `session_duration_minutes` the session is extended; with `authorization_check` it is
            refused
        unless one of its roles grants the action.

        POST /v1/b2b/sessions/authenticate
        """
        return await self._call(
            o.SESSIONS_AUTHENTICATE,
            {},
            {},
            {
                "session_token": session_token,
                "session_jwt": session_jwt,
                "session_duration_minutes": session_duration_minutes,
                "session_custom_claims": session_custom_claims,
                "authorization_check": authorization_check,
            },
        )

    async def exchange(
        self,
        *,
        organization_id: str,
        session_token: str | None = None,
        session_jwt: str | None = None,
        session_duration_minutes: int | None = None,
        session_custom_claims: Mapping[str, Any] | None = None,
        locale: str | None = None,
        idempotency_key: str | None = None,
    ) -> m.AuthenticatedResponse:
        """Exchange a session for one in another organization.

        Completes at once where the other organization has an active External connection to the
            very
        connection that the session stands on, and where the session stands on a magic link and
            the
        other organization allows those. Otherwise the person has to sign in there, and
        `primary_required` lists the ways.

        POST /v1/b2b/sessions/exchange
        """
        return await self._call(
            o.SESSIONS_EXCHANGE,
            {},
            {},
            {
                "organization_id": organization_id,
                "session_token": session_token,
                "session_jwt": session_jwt,
                "session_duration_minutes": session_duration_minutes,
                "session_custom_claims": session_custom_claims,
                "locale": locale,
            },
            idempotency_key=idempotency_key,
        )

    async def get(self, *, organization_id: str, member_id: str) -> m.Sessions:
        """List a member's sessions.

        Only those that are alive.

        GET /v1/b2b/sessions
        """
        return await self._call(
            o.SESSIONS_GET, {}, {"organization_id": organization_id, "member_id": member_id}, {}
        )

    async def get_jwks(self, *, project_id: str) -> m.JwkSet:
        """Get the keys that verify session JWTs.

        Public. Keys that will sign next are listed two hours ahead.

        GET /v1/b2b/sessions/jwks/{project_id}
        """
        return await self._call(o.SESSIONS_GET_JWKS, {"project_id": project_id}, {}, {})

    async def revoke(
        self,
        *,
        member_session_id: str | None = None,
        session_token: str | None = None,
        session_jwt: str | None = None,
        member_id: str | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.Envelope:
        """Revoke sessions.

        One session by its id, token or JWT, or every session of a member. JWTs that were minted
        before stay valid for local checks until they expire, five minutes at the most.

        POST /v1/b2b/sessions/revoke
        A member needs stytch.member:revoke-sessions, or stytch.self for oneself.
        """
        return await self._call(
            o.SESSIONS_REVOKE,
            {},
            {},
            {
                "member_session_id": member_session_id,
                "session_token": session_token,
                "session_jwt": session_jwt,
                "member_id": member_id,
            },
            as_member,
            idempotency_key=idempotency_key,
        )


class SetupLinks:
    """Setup links."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def issue(
        self,
        *,
        organization_id: str,
        scopes: Sequence[str],
        lifetime_minutes: int | None = None,
        uses: str | None = None,
        connection_id: str | None = None,
        note: str | None = None,
        return_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> m.IssuedSetupLinkResponse:
        """Make a setup link.

        A URL for somebody at the organization who has no account: it opens the Admin Portal
            with
        just the `scopes` given. `sso` sets up, tests and changes connections,
            `domain_verification`
        proves domains, and `certificate_renewal` changes nothing but the certificates of the
            SAML
        connection named in `connection_id`. It opens once, or with `uses` `many` until it
            expires:
        after 7 days, unless `lifetime_minutes` says otherwise. `return_url` is one of the
            project's
        redirect URLs. The URL is shown here only, and whoever has it can use it: send it to one
        person.

        POST /v1/b2b/organizations/{organization_id}/setup_links
        An extension to the wire.
        """
        return await self._call(
            o.SETUP_LINKS_ISSUE,
            {"organization_id": organization_id},
            {},
            {
                "scopes": scopes,
                "lifetime_minutes": lifetime_minutes,
                "uses": uses,
                "connection_id": connection_id,
                "note": note,
                "return_url": return_url,
            },
            idempotency_key=idempotency_key,
        )

    async def issue_portal_token(
        self,
        *,
        organization_id: str,
        origin: str,
        scopes: Sequence[str] | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.PortalTokenResponse:
        """Make a token for the embedded portal.

        For `<vestibule-admin-portal>`: opens the Admin Portal once, within five minutes, in a
            page
        of `origin`, which must be one of the project's frame ancestors. On behalf of a member
            it needs
        `stytch.sso` `create` and `update`, and what is done in the portal is done with the
            member's
        rights as they are at that moment; with the project secret alone, with the rights of the
            scopes,
        which do not include `certificate_renewal`. The visit lasts an hour at most.

        POST /v1/b2b/organizations/{organization_id}/portal_token
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SETUP_LINKS_ISSUE_PORTAL_TOKEN,
            {"organization_id": organization_id},
            {},
            {"origin": origin, "scopes": scopes},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def list(self, *, organization_id: str) -> m.SetupLinksResponse:
        """List the setup links.

        Every setup link of the organization, the latest first, with those that ended up to 90
            days
        ago and those that a guest handed over to a colleague.

        GET /v1/b2b/organizations/{organization_id}/setup_links
        An extension to the wire.
        """
        return await self._call(o.SETUP_LINKS_LIST, {"organization_id": organization_id}, {}, {})

    async def revoke(
        self, *, organization_id: str, link_id: str, idempotency_key: str | None = None
    ) -> m.SetupLinkResponse:
        """Revoke a setup link.

        The link opens nothing any more, nor does any link that was handed over from it, and
            whoever
        is in the portal by one of them is out at once.

        DELETE /v1/b2b/organizations/{organization_id}/setup_links/{link_id}
        An extension to the wire.
        """
        return await self._call(
            o.SETUP_LINKS_REVOKE,
            {"organization_id": organization_id, "link_id": link_id},
            {},
            {},
            idempotency_key=idempotency_key,
        )


class Setup:
    """Setup."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call
        self.links = SetupLinks(caller)


class SsoExternal:
    """Sso external."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def create_connection(
        self,
        *,
        organization_id: str,
        external_organization_id: str,
        external_connection_id: str,
        display_name: str | None = None,
        connection_implicit_role_assignments: Sequence[m.RoleAssignment | Mapping[str, Any]]
        | None = None,
        group_implicit_role_assignments: Sequence[m.GroupRoleAssignment | Mapping[str, Any]]
        | None = None,
        external_connection_implicit_role_assignments: Sequence[
            m.RoleAssignment | Mapping[str, Any]
        ]
        | None = None,
        external_group_implicit_role_assignments: Sequence[
            m.GroupRoleAssignment | Mapping[str, Any]
        ]
        | None = None,
        session_exchange: str | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.ExternalConnectionResponse:
        """Create an External connection.

        Members of this organization can then sign in through a SAML or OIDC connection of
            another
        one. **Whoever administers that organization's identity provider can sign in as any
            member of
        this organization**: the trust runs from the receiver to the source. The source's owner
            sees
        the connection and can revoke it.

        POST /v1/b2b/sso/external/{organization_id}
        A member needs stytch.sso:create.
        """
        return await self._call(
            o.SSO_EXTERNAL_CREATE_CONNECTION,
            {"organization_id": organization_id},
            {},
            {
                "external_organization_id": external_organization_id,
                "external_connection_id": external_connection_id,
                "display_name": display_name,
                "connection_implicit_role_assignments": connection_implicit_role_assignments,
                "group_implicit_role_assignments": group_implicit_role_assignments,
                "external_connection_implicit_role_assignments": external_connection_implicit_role_assignments,
                "external_group_implicit_role_assignments": external_group_implicit_role_assignments,
                "session_exchange": session_exchange,
            },
            as_member,
            idempotency_key=idempotency_key,
        )

    async def update_connection(
        self,
        *,
        organization_id: str,
        connection_id: str,
        display_name: str | None = None,
        connection_implicit_role_assignments: Sequence[m.RoleAssignment | Mapping[str, Any]]
        | None = None,
        group_implicit_role_assignments: Sequence[m.GroupRoleAssignment | Mapping[str, Any]]
        | None = None,
        external_connection_implicit_role_assignments: Sequence[
            m.RoleAssignment | Mapping[str, Any]
        ]
        | None = None,
        external_group_implicit_role_assignments: Sequence[
            m.GroupRoleAssignment | Mapping[str, Any]
        ]
        | None = None,
        session_exchange: str | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.ExternalConnectionResponse:
        """Change an External connection.

        Name, role rules and the switch for session exchange; where it leads never changes.

        PUT /v1/b2b/sso/external/{organization_id}/connections/{connection_id}
        A member needs stytch.sso:update.
        """
        return await self._call(
            o.SSO_EXTERNAL_UPDATE_CONNECTION,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {
                "display_name": display_name,
                "connection_implicit_role_assignments": connection_implicit_role_assignments,
                "group_implicit_role_assignments": group_implicit_role_assignments,
                "external_connection_implicit_role_assignments": external_connection_implicit_role_assignments,
                "external_group_implicit_role_assignments": external_group_implicit_role_assignments,
                "session_exchange": session_exchange,
            },
            as_member,
            idempotency_key=idempotency_key,
        )


class SsoOidc:
    """Sso oidc."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def create_connection(
        self,
        *,
        organization_id: str,
        display_name: str | None = None,
        identity_provider: str | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.OidcConnectionResponse:
        """Create an OIDC connection.

        It is pending until client, issuer and the issuer's URLs are set.

        POST /v1/b2b/sso/oidc/{organization_id}
        A member needs stytch.sso:create.
        """
        return await self._call(
            o.SSO_OIDC_CREATE_CONNECTION,
            {"organization_id": organization_id},
            {},
            {"display_name": display_name, "identity_provider": identity_provider},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def update_connection(
        self,
        *,
        organization_id: str,
        connection_id: str,
        display_name: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        issuer: str | None = None,
        authorization_url: str | None = None,
        token_url: str | None = None,
        userinfo_url: str | None = None,
        jwks_url: str | None = None,
        identity_provider: str | None = None,
        custom_scopes: str | None = None,
        attribute_mapping: Mapping[str, Any] | None = None,
        oidc_connection_implicit_role_assignments: Sequence[m.RoleAssignment | Mapping[str, Any]]
        | None = None,
        oidc_group_implicit_role_assignments: Sequence[m.GroupRoleAssignment | Mapping[str, Any]]
        | None = None,
        token_endpoint_auth_method: str | None = None,
        external_sharing: str | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.OidcConnectionResponse:
        """Change an OIDC connection.

        A new issuer is asked for its OpenID configuration; URLs that are sent win over it. When
            it
        cannot be used, the change is made all the same and `warning` says why. With
        `token_endpoint_auth_method` `private_key_jwt` (an extension) the connection gets a key
            of its
        own and needs no secret: the provider reads the public key at `client_jwks_url`, or is
            given
        the one in `client_certificates`.

        PUT /v1/b2b/sso/oidc/{organization_id}/connections/{connection_id}
        A member needs stytch.sso:update.
        """
        return await self._call(
            o.SSO_OIDC_UPDATE_CONNECTION,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {
                "display_name": display_name,
                "client_id": client_id,
                "client_secret": client_secret,
                "issuer": issuer,
                "authorization_url": authorization_url,
                "token_url": token_url,
                "userinfo_url": userinfo_url,
                "jwks_url": jwks_url,
                "identity_provider": identity_provider,
                "custom_scopes": custom_scopes,
                "attribute_mapping": attribute_mapping,
                "oidc_connection_implicit_role_assignments": oidc_connection_implicit_role_assignments,
                "oidc_group_implicit_role_assignments": oidc_group_implicit_role_assignments,
                "token_endpoint_auth_method": token_endpoint_auth_method,
                "external_sharing": external_sharing,
            },
            as_member,
            idempotency_key=idempotency_key,
        )


class SsoSaml:
    """Sso saml."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call

    async def activate_signing_key(
        self,
        *,
        organization_id: str,
        connection_id: str,
        certificate_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.SamlConnectionResponse:
        """Sign with another key of a SAML connection.

        Requests are signed by this key from now on, and the SP metadata asks for encryption to
            it.
        The key before stays published and readable until it is deleted, so activating it again
            is the
        way back.

        POST /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys/{certificate_id}/activate
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_SAML_ACTIVATE_SIGNING_KEY,
            {
                "organization_id": organization_id,
                "connection_id": connection_id,
                "certificate_id": certificate_id,
            },
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def confirm_idp_metadata(
        self,
        *,
        organization_id: str,
        connection_id: str,
        change_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.IdpMetadataResponse:
        """Confirm a change of the metadata.

        Send the `change_id` of the change that you have seen; when another one waits by now, it
            is
        refused. **Whoever holds a certificate that is added can sign in as anybody who uses
            this
        connection**, also in the organizations that share it. A new entity id ends the sessions
            that
        stand on the one before.

        POST /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/confirm
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_SAML_CONFIRM_IDP_METADATA,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {"change_id": change_id},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def create_connection(
        self,
        *,
        organization_id: str,
        display_name: str | None = None,
        identity_provider: str | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.SamlConnectionResponse:
        """Create a SAML connection.

        It is pending until identity provider, mapping and a certificate are set.

        POST /v1/b2b/sso/saml/{organization_id}
        A member needs stytch.sso:create.
        """
        return await self._call(
            o.SSO_SAML_CREATE_CONNECTION,
            {"organization_id": organization_id},
            {},
            {"display_name": display_name, "identity_provider": identity_provider},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def create_signing_key(
        self,
        *,
        organization_id: str,
        connection_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.SigningKeyResponse:
        """Make the next key of a SAML connection.

        The first step of a rotation. The key's certificate stands in `signing_certificates` and
            in
        the SP metadata behind the one that signs, and assertions encrypted for it are read
            already;
        requests are signed by the old key until `activate`. A connection holds at most three
            keys.

        POST /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_SAML_CREATE_SIGNING_KEY,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def delete_encryption_private_key(
        self,
        *,
        organization_id: str,
        connection_id: str,
        private_key_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DeletedPrivateKey:
        """Delete a decryption key.

        Assertions encrypted for it can no longer be read.

        DELETE /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/encryption_private_keys/{private_key_id}
        A member needs stytch.sso:update.
        """
        return await self._call(
            o.SSO_SAML_DELETE_ENCRYPTION_PRIVATE_KEY,
            {
                "organization_id": organization_id,
                "connection_id": connection_id,
                "private_key_id": private_key_id,
            },
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def delete_signing_key(
        self,
        *,
        organization_id: str,
        connection_id: str,
        certificate_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DeletedCertificate:
        """Delete a key of a SAML connection.

        The one that signs cannot be deleted. Assertions that are still encrypted for the
            deleted
        one can no longer be read; sessions stay as they are.

        DELETE /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys/{certificate_id}
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_SAML_DELETE_SIGNING_KEY,
            {
                "organization_id": organization_id,
                "connection_id": connection_id,
                "certificate_id": certificate_id,
            },
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def delete_verification_certificate(
        self,
        *,
        organization_id: str,
        connection_id: str,
        certificate_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DeletedCertificate:
        """Delete a certificate of the identity provider.

        The last one of an active connection cannot be deleted.

        DELETE /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/verification_certificates/{certificate_id}
        A member needs stytch.sso:update.
        """
        return await self._call(
            o.SSO_SAML_DELETE_VERIFICATION_CERTIFICATE,
            {
                "organization_id": organization_id,
                "connection_id": connection_id,
                "certificate_id": certificate_id,
            },
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def dismiss_idp_metadata(
        self,
        *,
        organization_id: str,
        connection_id: str,
        change_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.IdpMetadataResponse:
        """Dismiss a change of the metadata.

        Everything stays as it is, and this very change does not wait again.

        POST /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/dismiss
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_SAML_DISMISS_IDP_METADATA,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {"change_id": change_id},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def get_idp_metadata(
        self, *, organization_id: str, connection_id: str, as_member: AsMember | None = None
    ) -> m.IdpMetadataResponse:
        """Show the metadata that a connection follows.

        When it was read, what went wrong, and the change that waits for an administrator, if
            any.
        Only a connection with an `idp_metadata_url` has it.

        GET /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata
        A member needs stytch.sso:get.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_SAML_GET_IDP_METADATA,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {},
            as_member,
        )

    async def refresh_idp_metadata(
        self,
        *,
        organization_id: str,
        connection_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.IdpMetadataResponse:
        """Read the metadata now.

        A document that cannot be read is no error of this call: `last_error` says what
            happened, and
        everything stays as it was. Shortly after a try the state is given without another one.

        POST /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/refresh
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_SAML_REFRESH_IDP_METADATA,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def update_by_url(
        self,
        *,
        organization_id: str,
        connection_id: str,
        metadata_url: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.SamlConnectionResponse:
        """Read a SAML connection from metadata.

        Sets entity id, SSO URL and certificates. The mapping still has to be set.

        PUT /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/url
        A member needs stytch.sso:update.
        """
        return await self._call(
            o.SSO_SAML_UPDATE_BY_URL,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {"metadata_url": metadata_url},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def update_connection(
        self,
        *,
        organization_id: str,
        connection_id: str,
        idp_entity_id: str | None = None,
        display_name: str | None = None,
        attribute_mapping: Mapping[str, Any] | None = None,
        x509_certificate: str | None = None,
        idp_sso_url: str | None = None,
        idp_sso_binding: str | None = None,
        idp_slo_url: str | None = None,
        idp_slo_response_url: str | None = None,
        idp_slo_binding: str | None = None,
        idp_metadata_url: str | None = None,
        idp_metadata_policy: str | None = None,
        force_authn: bool | None = None,
        requested_authn_context: Sequence[str] | None = None,
        saml_connection_implicit_role_assignments: Sequence[m.RoleAssignment | Mapping[str, Any]]
        | None = None,
        saml_group_implicit_role_assignments: Sequence[m.GroupRoleAssignment | Mapping[str, Any]]
        | None = None,
        alternative_audience_uri: str | None = None,
        identity_provider: str | None = None,
        signing_private_key: str | None = None,
        nameid_format: str | None = None,
        alternative_acs_url: str | None = None,
        idp_initiated_auth_disabled: bool | None = None,
        saml_encryption_private_key: str | None = None,
        allow_gateway_callback: bool | None = None,
        external_sharing: str | None = None,
        sign_requests: bool | None = None,
        insecure_legacy_encryption: bool | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.SamlConnectionResponse:
        """Change a SAML connection.

        `x509_certificate` adds a certificate to those there are, at most five.

        PUT /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}
        A member needs stytch.sso:update.
        """
        return await self._call(
            o.SSO_SAML_UPDATE_CONNECTION,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {
                "idp_entity_id": idp_entity_id,
                "display_name": display_name,
                "attribute_mapping": attribute_mapping,
                "x509_certificate": x509_certificate,
                "idp_sso_url": idp_sso_url,
                "idp_sso_binding": idp_sso_binding,
                "idp_slo_url": idp_slo_url,
                "idp_slo_response_url": idp_slo_response_url,
                "idp_slo_binding": idp_slo_binding,
                "idp_metadata_url": idp_metadata_url,
                "idp_metadata_policy": idp_metadata_policy,
                "force_authn": force_authn,
                "requested_authn_context": requested_authn_context,
                "saml_connection_implicit_role_assignments": saml_connection_implicit_role_assignments,
                "saml_group_implicit_role_assignments": saml_group_implicit_role_assignments,
                "alternative_audience_uri": alternative_audience_uri,
                "identity_provider": identity_provider,
                "signing_private_key": signing_private_key,
                "nameid_format": nameid_format,
                "alternative_acs_url": alternative_acs_url,
                "idp_initiated_auth_disabled": idp_initiated_auth_disabled,
                "saml_encryption_private_key": saml_encryption_private_key,
                "allow_gateway_callback": allow_gateway_callback,
                "external_sharing": external_sharing,
                "sign_requests": sign_requests,
                "insecure_legacy_encryption": insecure_legacy_encryption,
            },
            as_member,
            idempotency_key=idempotency_key,
        )


class Sso:
    """Sso."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call
        self.external = SsoExternal(caller)
        self.oidc = SsoOidc(caller)
        self.saml = SsoSaml(caller)

    async def activate_draft(
        self,
        *,
        organization_id: str,
        connection_id: str,
        draft_id: str | None = None,
        accept_lockout: bool | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.ActivatedResponse:
        """Make the draft of a connection live.

        As if its changes had been sent as one update. With `draft_id` only that very draft is
        activated, the one that was looked at. `tested` says whether a test login through
            exactly these
        settings passed; it is not required. What would shut out the last administrator is
            refused with
        `would_lock_out_administrators`, unless `accept_lockout` is true. If the draft names
            another
        identity provider, `identity_provider_changed` is true, and registrations and sessions
            of the
        one before have ended.

        POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/draft/activate
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_ACTIVATE_DRAFT,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {"draft_id": draft_id, "accept_lockout": accept_lockout},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def approve_shared_connection(
        self,
        *,
        organization_id: str,
        connection_id: str,
        external_connection_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.SharedResponse:
        """Approve an External connection to a connection of ours.

        Logins through it are possible from now on.

        POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/external/{external_connection_id}/approve
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_APPROVE_SHARED_CONNECTION,
            {
                "organization_id": organization_id,
                "connection_id": connection_id,
                "external_connection_id": external_connection_id,
            },
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def authenticate(
        self,
        *,
        sso_token: str,
        pkce_code_verifier: str | None = None,
        session_token: str | None = None,
        session_jwt: str | None = None,
        session_duration_minutes: int | None = None,
        session_custom_claims: Mapping[str, Any] | None = None,
        locale: str | None = None,
        intermediate_session_token: str | None = None,
        idempotency_key: str | None = None,
    ) -> m.AuthenticatedResponse:
        """Exchange the token of a login.

        Turns the `token` that came to the redirect URL into a session. The token works once and
        for five minutes. When a second factor is required, there is no session yet but an
        intermediate one.

        POST /v1/b2b/sso/authenticate
        """
        return await self._call(
            o.SSO_AUTHENTICATE,
            {},
            {},
            {
                "sso_token": sso_token,
                "pkce_code_verifier": pkce_code_verifier,
                "session_token": session_token,
                "session_jwt": session_jwt,
                "session_duration_minutes": session_duration_minutes,
                "session_custom_claims": session_custom_claims,
                "locale": locale,
                "intermediate_session_token": intermediate_session_token,
            },
            idempotency_key=idempotency_key,
        )

    async def delete_connection(
        self,
        *,
        organization_id: str,
        connection_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DeletedConnection:
        """Delete a connection.

        Of any kind. Its registrations, its roles and the sessions that stand on it go with it,
            and
        so does every External connection of other organizations that leads to it.

        DELETE /v1/b2b/sso/{organization_id}/connections/{connection_id}
        A member needs stytch.sso:delete.
        """
        return await self._call(
            o.SSO_DELETE_CONNECTION,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def discard_draft(
        self,
        *,
        organization_id: str,
        connection_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DiscardedDraft:
        """Discard the draft of a connection.

        The connection stays as it is.

        DELETE /v1/b2b/sso/{organization_id}/connections/{connection_id}/draft
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_DISCARD_DRAFT,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def dry_run(
        self,
        *,
        organization_id: str,
        connection_id: str,
        logins: int | None = None,
        as_member: AsMember | None = None,
    ) -> m.DryRunResponse:
        """Try a draft on the logins of the past.

        Of the last `logins` through this connection (100, at most 500), how many would still
            pass if
        its draft were live, and who would lose which role; without a draft the connection as it
            stands
        is tried. `basis` says which. A login is judged by what was kept of it: the certificate
            that
        signed, issuer, audience and recipient, and what was said of the person; `untold` names
            the
        changed fields that only a test login can try. `shared_with` counts the logins into
        organizations that use the connection through an External one; their people are not
            named.
        `warning` says what an administrator should know first. Nothing changes.

        POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/dry_run
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_DRY_RUN,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {"logins": logins},
            as_member,
        )

    async def get_connections(
        self, *, organization_id: str, as_member: AsMember | None = None
    ) -> m.Connections:
        """List an organization's connections.

        Of all three kinds, pending ones too, in the order of creation.

        GET /v1/b2b/sso/{organization_id}
        A member needs stytch.sso:get.
        """
        return await self._call(
            o.SSO_GET_CONNECTIONS, {"organization_id": organization_id}, {}, {}, as_member
        )

    async def get_draft(
        self, *, organization_id: str, connection_id: str, as_member: AsMember | None = None
    ) -> m.DraftResponse:
        """Read the draft of a connection.

        `changes` says what it would change; `outdated` that the connection has changed since,
            so
        that it has to be sent again before it can be activated; `tested_at` when a test login
            through
        exactly this draft passed.

        GET /v1/b2b/sso/{organization_id}/connections/{connection_id}/draft
        A member needs stytch.sso:get.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_GET_DRAFT,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {},
            as_member,
        )

    async def get_health(
        self, *, organization_id: str, as_member: AsMember | None = None
    ) -> m.HealthResponse:
        """Show how an organization's connections are doing.

        What ends when, whose metadata is stale or waits for a word, and how the last logins
            went.
        A login counts from its first step at the application.

        GET /v1/b2b/sso/{organization_id}/health
        A member needs stytch.sso:get.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_GET_HEALTH, {"organization_id": organization_id}, {}, {}, as_member
        )

    async def get_presets(self) -> m.Presets:
        """List the identity providers with a preset.

        The values of `identity_provider` on a connection, with a name to show and the protocols
            that
        we have set-up steps for. For another protocol the steps of `generic` stand in.

        GET /v1/b2b/presets
        An extension to the wire.
        """
        return await self._call(o.SSO_GET_PRESETS, {}, {}, {})

    async def get_setup(
        self, *, organization_id: str, connection_id: str, as_member: AsMember | None = None
    ) -> m.ConnectionSetup:
        """Get the set-up steps of a connection.

        What to do at the identity provider of a SAML or OIDC connection, in that provider's own
        order and words, with this connection's values filled in. `receives` says what comes
            back from
        there and into which field of the connection it goes; `suggested` is what to set on the
        connection, which nobody does by himself; `missing` is what it still needs to become
            active.

        GET /v1/b2b/sso/{organization_id}/connections/{connection_id}/setup
        A member needs stytch.sso:get.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_GET_SETUP,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {},
            as_member,
        )

    async def get_shared_connections(
        self, *, organization_id: str, connection_id: str, as_member: AsMember | None = None
    ) -> m.SharedConnections:
        """List who signs in through a connection.

        The owner's view: every External connection of other organizations that leads here.

        GET /v1/b2b/sso/{organization_id}/connections/{connection_id}/external
        A member needs stytch.sso:get.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_GET_SHARED_CONNECTIONS,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {},
            as_member,
        )

    async def get_test_result(
        self,
        *,
        organization_id: str,
        connection_id: str,
        trace_id: str,
        as_member: AsMember | None = None,
    ) -> m.TestResultResponse:
        """Read what came of a test login.

        What the page at the end of the test showed. `passed` says whether the person would have
            been
        let in; if not, the check that is not ok says why, what was wanted and what came.

        GET /v1/b2b/sso/{organization_id}/connections/{connection_id}/test/{trace_id}
        A member needs stytch.sso:get.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_GET_TEST_RESULT,
            {
                "organization_id": organization_id,
                "connection_id": connection_id,
                "trace_id": trace_id,
            },
            {},
            {},
            as_member,
        )

    async def get_versions(
        self, *, organization_id: str, connection_id: str, as_member: AsMember | None = None
    ) -> m.VersionsResponse:
        """List the versions before the live one.

        The last ten, the latest first. Each change of a connection keeps what was, whether it
            came
        by a draft, by an update or from metadata.

        GET /v1/b2b/sso/{organization_id}/connections/{connection_id}/versions
        A member needs stytch.sso:get.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_GET_VERSIONS,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {},
            as_member,
        )

    async def logout(
        self,
        *,
        member_session_id: str | None = None,
        session_token: str | None = None,
        session_jwt: str | None = None,
        logout_redirect_url: str | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.LogoutStarted:
        """Sign out here and at the identity provider.

        Ends one session at once, as revoking it does. Send the browser to `logout_url`, once
            and
        within ten minutes, and it ends at the SAML identity provider too; with
            `logout_redirect_url`,
        a registered URL for logins, the browser comes back there. `logout_url` is empty where
            nothing
        is left to do: the session stands on no SAML login, or its connection has no
            `idp_slo_url`.

        POST /v1/b2b/sso/logout
        A member needs stytch.member:revoke-sessions, or stytch.self for oneself.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_LOGOUT,
            {},
            {},
            {
                "member_session_id": member_session_id,
                "session_token": session_token,
                "session_jwt": session_jwt,
                "logout_redirect_url": logout_redirect_url,
            },
            as_member,
            idempotency_key=idempotency_key,
        )

    async def preview_mapping(
        self,
        *,
        organization_id: str,
        connection_id: str,
        attribute_mapping: Mapping[str, str] | None = None,
        saml_response: str | None = None,
        id_token: str | None = None,
        claims: Mapping[str, Any] | None = None,
        as_member: AsMember | None = None,
    ) -> m.MappingPreviewResponse:
        """Try an attribute mapping.

        What a login would make of a mapping: metadata, roles and JWT claims, each value with
            the
        name or path that it came from. Tried on the connection's last login, or on a pasted
        `saml_response` (base64 or XML), `id_token` or `claims` (ID token and UserInfo merged),
            none of
        which is verified. Without `attribute_mapping` the connection's own is tried. Nothing
            changes,
        and a `refusal` says why such a login would end.

        POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/mapping/preview
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_PREVIEW_MAPPING,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {
                "attribute_mapping": attribute_mapping,
                "saml_response": saml_response,
                "id_token": id_token,
                "claims": claims,
            },
            as_member,
        )

    async def put_draft(
        self,
        *,
        organization_id: str,
        connection_id: str,
        idp_entity_id: str | None = None,
        display_name: str | None = None,
        attribute_mapping: Mapping[str, Any] | None = None,
        x509_certificate: str | None = None,
        idp_sso_url: str | None = None,
        idp_sso_binding: str | None = None,
        idp_slo_url: str | None = None,
        idp_slo_response_url: str | None = None,
        idp_slo_binding: str | None = None,
        idp_metadata_url: str | None = None,
        idp_metadata_policy: str | None = None,
        force_authn: bool | None = None,
        requested_authn_context: Sequence[str] | None = None,
        saml_connection_implicit_role_assignments: Sequence[m.RoleAssignment | Mapping[str, Any]]
        | None = None,
        saml_group_implicit_role_assignments: Sequence[m.GroupRoleAssignment | Mapping[str, Any]]
        | None = None,
        alternative_audience_uri: str | None = None,
        identity_provider: str | None = None,
        signing_private_key: str | None = None,
        nameid_format: str | None = None,
        alternative_acs_url: str | None = None,
        idp_initiated_auth_disabled: bool | None = None,
        saml_encryption_private_key: str | None = None,
        allow_gateway_callback: bool | None = None,
        external_sharing: str | None = None,
        sign_requests: bool | None = None,
        insecure_legacy_encryption: bool | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        issuer: str | None = None,
        authorization_url: str | None = None,
        token_url: str | None = None,
        userinfo_url: str | None = None,
        jwks_url: str | None = None,
        custom_scopes: str | None = None,
        oidc_connection_implicit_role_assignments: Sequence[m.RoleAssignment | Mapping[str, Any]]
        | None = None,
        oidc_group_implicit_role_assignments: Sequence[m.GroupRoleAssignment | Mapping[str, Any]]
        | None = None,
        token_endpoint_auth_method: str | None = None,
        delete_certificate_ids: Sequence[str] | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.DraftResponse:
        """Make or change the draft of a connection.

        Takes the fields of the SAML or of the OIDC update, checks them as that does, and
            changes
        nothing but the draft: the one there is, otherwise a new one of the connection as it is
            now.
        `delete_certificate_ids` drops certificates of a SAML identity provider. A draft of an
        active connection is whole: what could not become live is refused; that of a pending one
            may
        grow piece by piece. If the connection has changed since the draft was made, the draft
            takes
        that over first; `changes` says what it would change now.

        PUT /v1/b2b/sso/{organization_id}/connections/{connection_id}/draft
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_PUT_DRAFT,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {
                "idp_entity_id": idp_entity_id,
                "display_name": display_name,
                "attribute_mapping": attribute_mapping,
                "x509_certificate": x509_certificate,
                "idp_sso_url": idp_sso_url,
                "idp_sso_binding": idp_sso_binding,
                "idp_slo_url": idp_slo_url,
                "idp_slo_response_url": idp_slo_response_url,
                "idp_slo_binding": idp_slo_binding,
                "idp_metadata_url": idp_metadata_url,
                "idp_metadata_policy": idp_metadata_policy,
                "force_authn": force_authn,
                "requested_authn_context": requested_authn_context,
                "saml_connection_implicit_role_assignments": saml_connection_implicit_role_assignments,
                "saml_group_implicit_role_assignments": saml_group_implicit_role_assignments,
                "alternative_audience_uri": alternative_audience_uri,
                "identity_provider": identity_provider,
                "signing_private_key": signing_private_key,
                "nameid_format": nameid_format,
                "alternative_acs_url": alternative_acs_url,
                "idp_initiated_auth_disabled": idp_initiated_auth_disabled,
                "saml_encryption_private_key": saml_encryption_private_key,
                "allow_gateway_callback": allow_gateway_callback,
                "external_sharing": external_sharing,
                "sign_requests": sign_requests,
                "insecure_legacy_encryption": insecure_legacy_encryption,
                "client_id": client_id,
                "client_secret": client_secret,
                "issuer": issuer,
                "authorization_url": authorization_url,
                "token_url": token_url,
                "userinfo_url": userinfo_url,
                "jwks_url": jwks_url,
                "custom_scopes": custom_scopes,
                "oidc_connection_implicit_role_assignments": oidc_connection_implicit_role_assignments,
                "oidc_group_implicit_role_assignments": oidc_group_implicit_role_assignments,
                "token_endpoint_auth_method": token_endpoint_auth_method,
                "delete_certificate_ids": delete_certificate_ids,
            },
            as_member,
            idempotency_key=idempotency_key,
        )

    async def revoke_shared_connection(
        self,
        *,
        organization_id: str,
        connection_id: str,
        external_connection_id: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.SharedResponse:
        """Revoke an External connection to a connection of ours.

        Logins through it are refused from now on, and its sessions end at once.

        POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/external/{external_connection_id}/revoke
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_REVOKE_SHARED_CONNECTION,
            {
                "organization_id": organization_id,
                "connection_id": connection_id,
                "external_connection_id": external_connection_id,
            },
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def roll_back(
        self,
        *,
        organization_id: str,
        connection_id: str,
        version: str,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.ActivatedResponse:
        """Make a version before live again.

        Settings, certificates and keys are as they were then; what is live now is kept as a
            version.
        `not_brought_back` says what does not come back: rules for roles that have been deleted,
            and
        registrations and sessions that ended when the identity provider changed. Whom the owner
            has
        shut out since stays out.

        POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/versions/{version}/roll_back
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_ROLL_BACK,
            {
                "organization_id": organization_id,
                "connection_id": connection_id,
                "version": version,
            },
            {},
            {},
            as_member,
            idempotency_key=idempotency_key,
        )

    async def route(self, *, public_token: str, email_address: str) -> m.RouteResponse:
        """Find the connections for an e-mail address.

        For a sign-in page that asks for the address first: the active connections of the
        organization that has verified the address's domain, the default one first. Send the
            browser to
        `/v1/public/sso/start` with the `connection_id` of the one choice, or let the person
            choose.
        Nobody's membership is looked at: every address of a domain gets the same answer, which
            is empty
        for a domain that no organization has verified. One address may ask 60 times a minute.

        POST /v1/public/sso/route
        An extension to the wire.
        """
        return await self._call(
            o.SSO_ROUTE, {}, {}, {"public_token": public_token, "email_address": email_address}
        )

    async def test_connection(
        self,
        *,
        organization_id: str,
        connection_id: str,
        draft: bool | None = None,
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> m.TestResponse:
        """Make a link to a test login.

        A browser that opens `test_url`, once and within ten minutes, signs in at the identity
        provider and is shown what was checked and who it would have been. Nobody is let in:
            there is no
        session, no token and no new member, and nothing of the identity provider is kept but
            the trace.
        With `draft` the test goes through the connection's draft, otherwise through the
            settings as
        they are, which may still be pending. A test of an External connection goes through its
            source
        and the rules of this organization.

        POST /v1/b2b/sso/{organization_id}/connections/{connection_id}/test
        A member needs stytch.sso:update.
        An extension to the wire.
        """
        return await self._call(
            o.SSO_TEST_CONNECTION,
            {"organization_id": organization_id, "connection_id": connection_id},
            {},
            {"draft": draft},
            as_member,
            idempotency_key=idempotency_key,
        )


class Api:
    """All nouns."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._call = caller.call
        self.audit = Audit(caller)
        self.branding = Branding(caller)
        self.discovery = Discovery(caller)
        self.magic_links = MagicLinks(caller)
        self.management = Management(caller)
        self.organizations = Organizations(caller)
        self.rbac = Rbac(caller)
        self.scim = Scim(caller)
        self.sessions = Sessions(caller)
        self.setup = Setup(caller)
        self.sso = Sso(caller)
