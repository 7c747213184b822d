"""Whether sign-in is set up, what is wrong with it, and who a signed cookie speaks of.

The settings are Streamlit's own: `[auth]` of the secrets file; who may come in stands beside it, in `[assay]`.
"""

import json
import time
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from streamlit import auth_util, config
from streamlit.errors import StreamlitAuthError
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from core.errors import UserError
from pages.ui.access.people import People, Person, lasts, people, person

AUTH = "auth"  # Streamlit's section of the secrets
ASSAY = "assay"  # ours
SHORTEST_SECRET = 16  # characters of the secret that signs cookies: a shorter one can be guessed
_NEW_SECRET = 'python -c "import secrets; print(secrets.token_hex(32))"'


def required() -> bool:
    """Whether nobody comes in without signing in.

    Once it was so, it stays so until the server is started again: a secrets file that vanishes or breaks meanwhile
    keeps everybody out.
    """
    return _at_start() or _configured()


def providers() -> list[str]:
    """The names under which `st.login` knows the providers; `default` for the one that `[auth]` itself describes."""
    section = auth_util.get_secrets_auth_section()
    named = [name for name in section if isinstance(section[name], Mapping) and name != "client_kwargs"]
    return ["default", *named] if "client_id" in section or not named else named


def listed() -> People:
    """Who may come in. Raises UserError where the lists cannot be used."""
    return people(_secrets().get(ASSAY, {}))


def person_of(cookies: Mapping[str, str]) -> Person | None:
    """Who signed in, by the cookies of a request; None for one that is forged, too old, or of somebody not listed."""
    try:
        claims = _claims(cookies)
        return person(claims, listed()) if claims and lasts(claims, time.time()) else None
    except UserError:
        return None


def check() -> None:
    """Raise UserError, saying what to do, where sign-in is asked for but cannot work."""
    secrets = _secrets()
    if AUTH not in secrets:
        if ASSAY in secrets:
            raise UserError("[assay] lists people, but sign-in is not set up.", "", "Add an [auth] section beside it.")
        return
    if not isinstance(secrets[AUTH], Mapping):
        raise UserError("[auth] has to be a section.", "", "Set sign-in up as Streamlit's `st.login` is documented.")
    _check_library()
    if len(str(secrets[AUTH].get("cookie_secret", ""))) < SHORTEST_SECRET:
        raise UserError(
            f"cookie_secret in [auth] has to have {SHORTEST_SECRET} characters or more.",
            "Whoever guesses it can sign in as anybody.",
            f"Make one: {_NEW_SECRET}",
        )
    _check_address(str(secrets[AUTH].get("redirect_uri", "")))
    _check_providers()
    listed()


def _check_library() -> None:
    """Authlib is there, and what it asks the provider with."""
    try:
        import_module("authlib.integrations.starlette_client")
    except ImportError as error:
        raise UserError(
            "Authlib, or a part of it, is missing, which sign-in needs.",
            f"{error}.",
            "Run: pip install -r requirements.txt",
        ) from None


def _check_address(redirect: str) -> None:
    """The address to which the provider sends people back is one that this server answers under."""
    origin = auth_util.get_origin_from_redirect_uri() or ""
    if not redirect.endswith("/oauth2callback") or not origin.startswith(("http://", "https://")):
        raise UserError(
            f"redirect_uri in [auth] cannot be used: {redirect!r}.",
            "It is the address that people open in the browser, with /oauth2callback behind it.",
            "For example: https://assay.example.org/oauth2callback",
        )
    host = origin.partition("://")[2]
    if not is_host_allowed(host):
        raise UserError(
            f"redirect_uri in [auth] leads to {host}, which server.allowedHosts does not name.",
            "The browser would be turned away there.",
            "Add the host to allowedHosts and its address to corsAllowedOrigins in .streamlit/config.toml.",
        )


def _check_providers() -> None:
    for name in providers():
        try:
            auth_util.validate_auth_credentials(name)
        except StreamlitAuthError as error:
            raise UserError("The provider in [auth] cannot be used.", " ".join(str(error).split())) from None


def _claims(cookies: Mapping[str, str]) -> dict[str, Any]:
    """What the provider said of whoever signed in, from a cookie with Streamlit's signature; empty without one."""

    def signed(name: str) -> bytes | None:
        return decode_signed_value(get_cookie_secret(), name, cookies.get(name, "").encode("latin-1", "replace"))

    claims = json.loads(auth_util.get_cookie_with_chunks(signed, USER_COOKIE_NAME) or b"{}")
    ours = claims.get("is_logged_in") is True and claims.get("origin") == auth_util.get_origin_from_redirect_uri()
    return claims if ours else {}


@cache
def _at_start() -> bool:
    return _configured()


def _configured() -> bool:
    """Whether the secrets file asks for sign-in; one that cannot be read may do so."""
    try:
        return bool({AUTH, ASSAY} & _secrets().keys())
    except UserError:
        return True


def _secrets() -> dict[str, Any]:
    """All that the secrets file says; empty where there is none. Raises UserError for one that cannot be read."""
    try:
        return secrets_singleton.to_dict()
    except (OSError, UnicodeDecodeError) as error:  # Streamlit's own error is an OSError, too
        missing = getattr(error, "error_id", None) == "no-secrets-found"
        if missing and not config.is_manually_set("secrets.files"):
            return {}
        raise UserError("The secrets file cannot be read.", str(error), "Correct it, or take it away.") from None
