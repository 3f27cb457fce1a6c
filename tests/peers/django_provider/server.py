"""Django OAuth Toolkit with people, a login page and a place to register clients.

Started by `__init__.py` beside this file, in a process of its own, configured by one environment
variable in JSON: `issuer`, `database` (a file; a second start goes on with what it holds),
`people`, `signing_key` and `retired_keys` (PEM), `access_token_ttl`.

A setting of the library that is not named here has the library's own default: PKCE is required,
refresh tokens rotate, the ID token repeats the claims of UserInfo.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, ClassVar
from urllib.parse import urlsplit

import django
from django.conf import settings

CONFIG: dict[str, Any] = json.loads(os.environ["DJANGO_PROVIDER_CONFIG"])

LOGIN_PAGE = """<!doctype html><title>Sign in</title>
<form method="post">{% csrf_token %}{{ form.as_p }}
<input type="hidden" name="next" value="{{ next }}"><button>Continue</button></form>"""

APPS = ("auth", "contenttypes", "sessions")

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": CONFIG["database"]}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[*(f"django.contrib.{name}" for name in APPS), "oauth2_provider"],
    LOGIN_URL="/sign-in/",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    OAUTH2_PROVIDER={
        "ACCESS_TOKEN_EXPIRE_SECONDS": CONFIG["access_token_ttl"],
        "OAUTH2_VALIDATOR_CLASS": "__main__.Claims",
        "OIDC_ENABLED": True,
        "OIDC_ISS_ENDPOINT": CONFIG["issuer"],
        "OIDC_RSA_PRIVATE_KEY": CONFIG["signing_key"],
        "OIDC_RSA_PRIVATE_KEYS_INACTIVE": CONFIG["retired_keys"],
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "SCOPES": {name: name for name in ("openid", "email", "profile", "groups")},
    },
    # Tables as they are today, without the history that leads there.
    MIGRATION_MODULES=dict.fromkeys((*APPS, "oauth2_provider")),
    # Passwords of the tests are no secrets, and the default takes longer than a login.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF="__main__",
    SECRET_KEY="known to everybody",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {"registration/login.html": LOGIN_PAGE},
                    ),
                    "django.template.loaders.app_directories.Loader",
                ]
            },
        }
    ],
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402  (models need the settings)
from django.contrib.auth.views import LoginView  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.servers.basehttp import run  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402
from oauth2_provider.oauth2_validators import OAuth2Validator  # noqa: E402

PEOPLE = {person["subject"]: person for person in CONFIG["people"]}


class Claims(OAuth2Validator):
    """What the provider says of a person, by scope."""

    oidc_claim_scope: ClassVar = {
        **OAuth2Validator.oidc_claim_scope,
        "groups": "groups",
        "department": "groups",
    }

    def get_additional_claims(self) -> dict[str, Any]:
        def told(name: str) -> Any:
            return lambda request: PEOPLE[request.user.username][name]

        return {
            "sub": lambda request: request.user.username,
            "email_verified": lambda request: True,
            **{name: told(name) for name in ("email", "name", "groups", "department")},
        }


@csrf_exempt
def clients(request: HttpRequest) -> HttpResponse:
    """Register a confidential client; what an administrator does by hand."""
    wanted = json.loads(request.body)
    get_application_model().objects.create(
        client_id=wanted["client_id"],
        client_secret=wanted["client_secret"],
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=wanted["redirect_uri"],
        algorithm="RS256",
        name="Vestibule",
    )
    return JsonResponse({}, status=201)


urlpatterns = [
    path("clients", clients),
    path("sign-in/", LoginView.as_view()),
    path("", include("oauth2_provider.urls", namespace="oauth2_provider")),
]


def main() -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    for person in PEOPLE.values():
        if not User.objects.filter(username=person["subject"]).exists():
            User.objects.create_user(person["subject"], person["email"], person["password"])
    url = urlsplit(CONFIG["issuer"])
    run(url.hostname, url.port, get_wsgi_application(), threading=True)


if __name__ == "__main__":
    sys.exit(main())
