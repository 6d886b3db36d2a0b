"""NetSuite's token-based authentication: every request signed with OAuth 1.0a, HMAC-SHA256.

Here: the signature. Stays out: the other way in, a bearer token (``token``). No new integrations of this kind are taken
from 2027.1 on and it ends about 2028.2, so it is for accounts that have it today.

Facts this rests on: the realm is the account in capitals with ``_`` for ``-``; query parameters are signed, a JSON body
is not; HMAC-SHA1 is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Generator, Iterable
from urllib.parse import parse_qsl, quote

import httpx
from pydantic import SecretStr

_METHOD = "HMAC-SHA256"


class Signed(httpx.Auth):
    """Signs each request, a repeated one anew.

    Args:
        account: as in the host name.
        consumer: key and secret of the integration.
        token: id and secret of the token.
    """

    def __init__(self, account: str, consumer: tuple[str, SecretStr], token: tuple[str, SecretStr]) -> None:
        self._realm = account.upper().replace("-", "_")
        self._consumer = consumer
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        members = {
            "oauth_consumer_key": self._consumer[0],
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": _METHOD,
            "oauth_timestamp": str(int(time.time())),
            "oauth_token": self._token[0],
            "oauth_version": "1.0",
        }
        query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
        address = str(request.url.copy_with(query=None))
        base = base_string(request.method, address, [*members.items(), *query])
        key = "&".join(_enc(one.get_secret_value()) for one in (self._consumer[1], self._token[1]))
        digest = hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()
        members["oauth_signature"] = base64.b64encode(digest).decode()
        listed = ", ".join(f'{name}="{_enc(value)}"' for name, value in members.items())
        request.headers["Authorization"] = f'OAuth realm="{self._realm}", {listed}'
        yield request


def base_string(method: str, address: str, members: Iterable[tuple[str, str]]) -> str:
    """What is signed (RFC 5849, 3.4.1): method, address without query, and all members in order."""
    pairs = sorted((_enc(name), _enc(value)) for name, value in members)
    spelled = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((method.upper(), _enc(address), _enc(spelled)))


def _enc(text: str) -> str:
    return quote(text, safe="-._~")
