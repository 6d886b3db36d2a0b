"""NetSuite's token: OAuth2 client credentials, proven by an assertion signed with the certificate's key.

Here: the assertion and its exchange. Stays out: when a token is asked for (``http.Token``).
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from pydantic import SecretStr

from qtc_pipeline.errors import SettingsError
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.http import Answer, Http

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105  a path
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIVES = 300


def assertion(instance: Instance, private_key: SecretStr, now: int) -> str:
    """The signed claim that we hold the certificate's key (ES256 for EC keys, PS256 for RSA keys).

    Raises:
        SettingsError: the key is no usable private key.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        key, algorithm = _key(private_key.get_secret_value())
        header = {"typ": "JWT", "alg": algorithm, "kid": instance.certificate_id}
        claims = {
            "iss": instance.client_id,
            "scope": ["rest_webservices"],
            "aud": instance.base_url.rstrip("/") + TOKEN_PATH,
            "iat": now,
            "exp": now + _LIVES,
        }
        return jwt.encode(header, claims, key, algorithms=[algorithm])
    except (ValueError, TypeError, JoseError):
        raise SettingsError(
            f"instance '{instance.name}'",
            "its private key is no PEM of an EC or RSA key",
            f"Set QTC_PRIVATE_KEY_{instance.name.upper()} to the key of certificate {instance.certificate_id}",
        ) from None


def _key(pem: str) -> tuple[ECKey | RSAKey, str]:
    from joserfc.errors import InvalidKeyTypeError
    from joserfc.jwk import ECKey, RSAKey

    try:
        return ECKey.import_key(pem), "ES256"
    except InvalidKeyTypeError:
        return RSAKey.import_key(pem), "PS256"


def fetch_token(http: Http, instance: Instance, private_key: SecretStr) -> tuple[str, float | None]:
    """Exchange a fresh assertion for a token and the seconds it lives."""

    def decode(answer: Answer) -> tuple[str, float | None]:
        body = json.loads(answer.text)
        return str(body["access_token"]), float(body.get("expires_in", 3600))

    return http.request(
        "POST",
        TOKEN_PATH,
        decode,
        what="token",
        authorized=False,
        repeat=False,
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": assertion(instance, private_key, int(time.time())),
        },
    )
