"""Salesforce's session: OAuth2 client credentials, or an assertion signed with the connected app's key.

Here: what is sent to the token endpoint. Stays out: when a session is asked for (``http.Token``).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from qtc_pipeline.errors import SettingsError
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.http import Answer, Http

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  a path
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIVES = 180

Grant = Callable[[], Mapping[str, Any]]


def grant_of(instance: Instance) -> Grant:
    """What an instance sends for a session, made anew each time.

    Raises:
        SettingsError: a key or secret of the chosen way is missing.
    """
    if instance.way_in("client_credentials", "jwt_bearer") == "jwt_bearer":
        private_key = instance.private_key
        return lambda: {
            "data": {"grant_type": _JWT_BEARER, "assertion": assertion(instance, private_key, int(time.time()))}
        }
    credentials = (str(instance.client_id), instance.secret.get_secret_value())
    return lambda: {"data": {"grant_type": "client_credentials"}, "auth": credentials}


def assertion(instance: Instance, private_key: SecretStr, now: int) -> str:
    """The signed claim that we hold the app's key and act for its user.

    Raises:
        SettingsError: the key is no RSA private key.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    claims = {
        "iss": instance.client_id,
        "sub": instance.username,
        "aud": instance.audience or instance.base_url.rstrip("/"),
        "exp": now + _LIVES,
    }
    try:
        key = RSAKey.import_key(private_key.get_secret_value())
        return jwt.encode({"alg": "RS256"}, claims, key, algorithms=["RS256"])
    except (ValueError, TypeError, JoseError):
        raise SettingsError(
            f"instance '{instance.name}'",
            "its private key is no PEM of an RSA key",
            f"Set QTC_PRIVATE_KEY_{instance.name.upper()} to the key of the connected app's certificate",
        ) from None


def fetch_token(http: Http, grant: Grant) -> tuple[str, float | None]:
    """A session; how long it lives is the org's secret."""

    def decode(answer: Answer) -> tuple[str, float | None]:
        return str(json.loads(answer.text)["access_token"]), None

    return http.request("POST", TOKEN_PATH, decode, what="token", authorized=False, repeat=False, **grant())
