"""Walking other people's pages as a browser without JavaScript would: links, forms, redirects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin

import httpx2
from lxml import html

_MOST_STEPS = 12


class PostedForm(NamedTuple):
    """A form that an identity provider makes the browser post: to the ACS, with SAMLResponse."""

    acs_url: str
    fields: dict[str, str]


class Form(NamedTuple):
    """One form of a page: where it goes, how, and what it holds before anybody types."""

    action: str
    method: str
    fields: dict[str, str]


def read_forms(answer: httpx2.Response) -> list[Form]:
    """All forms of a page, with absolute actions and their present values."""
    if not answer.text.strip():
        return []
    page: Any = html.fromstring(answer.text)
    forms = []
    for form in page.forms:
        fields = {name: value or "" for name, value in form.form_values()}
        for element in form.inputs:  # empty text fields are none of form_values()
            name = getattr(element, "name", None)
            if name and getattr(element, "type", "") in {"text", "password", "email"}:
                fields.setdefault(name, "")
        forms.append(Form(urljoin(str(answer.url), form.action or ""), form.method.upper(), fields))
    return forms


def submit(client: httpx2.Client, form: Form, values: Mapping[str, str]) -> httpx2.Response:
    """Send `form` with `values` over what it holds; redirects are not followed."""
    fields = {**form.fields, **values}
    if form.method == "GET":
        return client.get(form.action, params=fields, follow_redirects=False)
    return client.post(form.action, data=fields, follow_redirects=False)


def walk_to_saml_response(
    client: httpx2.Client,
    url: str,
    fill: Callable[[Form], Mapping[str, str] | None],
) -> PostedForm:
    """Open `url` at an identity provider and go on until it hands out a SAMLResponse.

    `fill` is shown each form on the way and answers with what a person would type there, or
    with None when the form is not the one to send.
    """
    answer = client.get(url, follow_redirects=False)
    for _ in range(_MOST_STEPS):
        if answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            answer = client.get(target, follow_redirects=False)
            continue
        forms = read_forms(answer)
        for form in forms:
            if "SAMLResponse" in form.fields:
                return PostedForm(form.action, form.fields)
        for form in forms:
            values = fill(form)
            if values is not None:
                answer = submit(client, form, values)
                break
        else:
            raise AssertionError(
                f"no way on from {answer.url} ({answer.status_code}):\n{answer.text[:3000]}"
            )
    raise AssertionError(f"no SAMLResponse after {_MOST_STEPS} pages, last {answer.url}")
