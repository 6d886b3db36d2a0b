"""Who may use an account: a bearer of a token got with a signed assertion, or a signer of each request (TBA).

Add another way in here. What a caller may do is not decided here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from qtc_pipeline.sandbox.servers.asgi import Instance, Refusal, bearer, form, json_answer
from qtc_pipeline.sandbox.servers.credentials import AssertionRefusedError, check_assertion
from qtc_pipeline.sandbox.servers.netsuite_words import Words
from qtc_pipeline.sandbox.servers.tokens import Tokens

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CLOCK_SECONDS = 300
_PART = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Integration:
    """What the account knows of a client.

    Attributes:
        client_id: of the integration record; also the consumer key of TBA.
        certificate_id: ``kid`` of its certificate.
        public_key: PEM of that certificate or of its public key.
        account: as in the host name.
        consumer_secret: of TBA.
        token: id and secret of TBA.
    """

    client_id: str
    certificate_id: str
    public_key: bytes
    account: str
    consumer_secret: str
    token: tuple[str, str]

    @property
    def realm(self) -> str:
        """The account as TBA spells it."""
        return self.account.upper().replace("-", "_")


class Login:
    """The ways into one account."""

    def __init__(self, instance: Instance, tokens: Tokens, integration: Integration) -> None:
        self._instance = instance
        self._tokens = tokens
        self._known = integration
        self._nonces: set[str] = set()
        self._lock = threading.Lock()

    async def token(self, request: Request) -> Response:
        """A token for a client that proves itself."""
        fields = await form(request)
        if fields.get("grant_type") != "client_credentials" or fields.get("client_assertion_type") != _ASSERTION_TYPE:
            return json_answer({"error": "invalid_request"}, 400)
        try:
            check_assertion(
                fields.get("client_assertion", ""),
                self._known.public_key,
                client_id=self._known.client_id,
                certificate_id=self._known.certificate_id,
                audience=str(request.url).partition("?")[0],
            )
        except AssertionRefusedError as refused:
            return json_answer({"error": "invalid_client", "error_description": str(refused)}, 401)
        token, seconds = self._tokens.issue(holder=self._known.client_id)
        self._instance.journal.add("tokens")
        return json_answer({"access_token": token, "expires_in": int(seconds), "token_type": "bearer"})

    def admit(self, request: Request) -> str:
        """Who sends a request.

        Raises:
            Refusal: 401, nobody the account knows.
        """
        header = request.headers.get("authorization", "")
        if header.startswith("OAuth "):
            if self._is_signed(request, dict(_PART.findall(header))):
                return f"token {self._known.token[0]}"
        elif self._tokens.use(bearer(request)):
            return self._known.client_id
        raise Refusal(Words().unauthorized())

    def _is_signed(self, request: Request, given: Mapping[str, str]) -> bool:
        said = {name: unquote(value) for name, value in given.items()}
        expected = {
            "realm": self._known.realm,
            "oauth_consumer_key": self._known.client_id,
            "oauth_token": self._known.token[0],
            "oauth_signature_method": "HMAC-SHA256",
        }
        if (
            any(said.get(name) != value for name, value in expected.items())
            or said.get("oauth_version", "1.0") != "1.0"
        ):
            return False
        stamp, nonce = said.get("oauth_timestamp", ""), said.get("oauth_nonce", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > _CLOCK_SECONDS or not nonce:
            return False
        signature = said.pop("oauth_signature", "")
        if not hmac.compare_digest(signature.encode(), self._signature(request, said).encode()):
            return False
        with self._lock:
            is_fresh = f"{stamp}:{nonce}" not in self._nonces
            self._nonces.add(f"{stamp}:{nonce}")
        return is_fresh

    def _signature(self, request: Request, said: Mapping[str, str]) -> str:
        """Of method, address, query and the header's own members; a JSON body is not part of it."""
        members = [(name, value) for name, value in said.items() if name != "realm"]
        members += parse_qsl(request.url.query, keep_blank_values=True)
        spelled = "&".join(f"{name}={value}" for name, value in sorted((_enc(one), _enc(two)) for one, two in members))
        address = str(request.url).partition("?")[0]
        base = "&".join((request.method.upper(), _enc(address), _enc(spelled)))
        key = f"{_enc(self._known.consumer_secret)}&{_enc(self._known.token[1])}"
        return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


def _enc(text: str) -> str:
    return quote(text, safe="-._~")
