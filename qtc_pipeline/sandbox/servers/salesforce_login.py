"""How an org gives out sessions: client credentials, or an assertion signed with a key it knows.

Add another flow here. What a session may do is not decided here.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from qtc_pipeline.sandbox.servers.asgi import Instance, form, json_answer
from qtc_pipeline.sandbox.servers.credentials import AssertionRefusedError, Claims, check_claims
from qtc_pipeline.sandbox.servers.salesforce_words import SESSION_USER, oauth_error
from qtc_pipeline.sandbox.servers.tokens import Tokens

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LONGEST_SECONDS = 300
ORGANIZATION = "00D000000000001AAA"


class Login:
    """The token endpoint of one org.

    Args:
        instance: for its journal.
        tokens: the sessions given out.
        client: consumer key and secret of the connected app.
        certificate: PEM of the public key that belongs to the app; read when an assertion comes.
        username: the user that approved the app.
    """

    def __init__(
        self, instance: Instance, tokens: Tokens, *, client: tuple[str, str], certificate: Path, username: str
    ) -> None:
        self._instance = instance
        self._tokens = tokens
        self._client = client
        self._certificate = certificate
        self._username = username

    async def token(self, request: Request) -> Response:
        """A session for a client that proves itself."""
        fields = await form(request)
        grant = fields.get("grant_type")
        if grant == _JWT_BEARER:
            refused = self._check_assertion(fields.get("assertion", ""), str(request.base_url).rstrip("/"))
        elif grant == "client_credentials":
            refused = self._check_secret(
                _basic(request) or (fields.get("client_id", ""), fields.get("client_secret", ""))
            )
        else:
            refused = oauth_error("unsupported_grant_type", "grant type not supported")
        if refused is not None:
            return refused
        token, _ = self._tokens.issue("00D000000000001!", self._username if grant == _JWT_BEARER else self._client[0])
        self._instance.journal.add("tokens")
        base = str(request.base_url).rstrip("/")
        answer = {"access_token": token, "scope": "api", "instance_url": base}
        answer |= {"id": f"{base}/id/{ORGANIZATION}/{SESSION_USER}", "token_type": "Bearer"}
        if grant == "client_credentials":
            answer |= {"signature": secrets.token_urlsafe(24), "issued_at": "1767225600000"}
        return json_answer(answer)

    def userinfo(self, _request: Request, _body: bytes) -> Response:
        """Who a session belongs to, and the org."""
        return json_answer({"user_id": SESSION_USER, "organization_id": ORGANIZATION, "username": self._username})

    def _check_secret(self, given: tuple[str, str]) -> Response | None:
        if given[0] != self._client[0]:
            return oauth_error("invalid_client_id", "client identifier invalid")
        if not hmac.compare_digest(given[1].encode(), self._client[1].encode()):
            return oauth_error("invalid_client", "invalid client credentials")
        return None

    def _check_assertion(self, assertion: str, base: str) -> Response | None:
        audiences = (base, f"{base}/services/oauth2/token", "https://login.salesforce.com")
        wanted = Claims(issuer=self._client[0], audiences=audiences, longest_seconds=_LONGEST_SECONDS)
        if not self._certificate.exists():
            return oauth_error("invalid_grant", "no certificate is attached to the connected app")
        try:
            claims = check_claims(assertion, self._certificate.read_bytes(), wanted)
        except AssertionRefusedError as refused:
            return oauth_error("invalid_grant", str(refused))
        if claims.get("sub") != self._username:
            return oauth_error("invalid_grant", "user hasn't approved this consumer")
        return None


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return (user, secret)
