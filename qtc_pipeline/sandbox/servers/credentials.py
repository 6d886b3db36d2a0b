"""The secrets of the sandbox: made once, kept in files only their owner can read, checked when a client comes.

Add here what proves who a client is. Tokens that follow from it are in ``tokens``. Nothing here is a real secret of
anything but the loopback servers, and it is still treated as one.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

_PRIVATE = 0o600
_LONGEST_ASSERTION_SECONDS = 3600
_SIGNATURES = {"256": "SHA256", "384": "SHA384", "512": "SHA512"}
_COORDINATE_BYTES = {"256": 32, "384": 48, "512": 66}


class AssertionRefusedError(Exception):
    """A client assertion that does not prove what it says; the text names the reason."""


@dataclass(frozen=True)
class Credentials:
    """What a client of the sandbox needs, and the files it is in.

    Attributes:
        folder: holds everything below.
        crm_client_id: consumer key of the Salesforce app.
        crm_username: the user that approved the app.
        psa_client_id: id of the Kantata application.
        erp_client_id: id of the NetSuite integration.
        erp_certificate_id: the ``kid`` of its certificate.
        erp_account: account id as in its host name.
        erp_token_id: of the token that signs requests instead (TBA); the integration's id is its consumer key.
    """

    folder: Path
    crm_client_id: str = "3MVG9-sandbox-consumer-key"
    crm_username: str = "integration@sandbox.example"
    psa_client_id: str = "sandbox-application"
    erp_client_id: str = "sandbox-integration"
    erp_certificate_id: str = "sandbox-certificate-1"
    erp_account: str = "sandbox-1"
    erp_token_id: str = "sandbox-token"  # noqa: S105 - names it, does not prove anything

    @property
    def crm_secret_file(self) -> Path:
        """Consumer secret."""
        return self.folder / "crm.secret"

    @property
    def crm_private_key_file(self) -> Path:
        """PEM of the RSA key a client signs Salesforce assertions with; see :func:`make_crm_key`."""
        return self.folder / "crm.key.pem"

    @property
    def crm_public_key_file(self) -> Path:
        """PEM of the public key the org checks assertions with."""
        return self.folder / "crm.public.pem"

    @property
    def psa_secret_file(self) -> Path:
        """Bearer token."""
        return self.folder / "psa.secret"

    @property
    def erp_private_key_file(self) -> Path:
        """PEM of the private key the client signs with."""
        return self.folder / "erp.key.pem"

    @property
    def erp_public_key_file(self) -> Path:
        """PEM of the public key the server checks with."""
        return self.folder / "erp.public.pem"

    @property
    def erp_secret_file(self) -> Path:
        """Consumer secret of TBA."""
        return self.folder / "erp.secret"

    @property
    def erp_token_secret_file(self) -> Path:
        """Token secret of TBA."""
        return self.folder / "erp.token.secret"

    @property
    def control_token_file(self) -> Path:
        """Token of the control endpoint."""
        return self.folder / "control.token"


def prepare(folder: Path) -> Credentials:
    """Make what is missing, keep what is there."""
    credentials = Credentials(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    erp = (credentials.erp_secret_file, credentials.erp_token_secret_file)
    for path in (credentials.crm_secret_file, credentials.psa_secret_file, credentials.control_token_file, *erp):
        if not path.exists():
            _write(path, secrets.token_urlsafe(32).encode())
    if not credentials.erp_private_key_file.exists() or not credentials.erp_public_key_file.exists():
        private, public = _key_pair()
        _write(credentials.erp_private_key_file, private)
        _write(credentials.erp_public_key_file, public)
    return credentials


def make_crm_key(credentials: Credentials) -> Path:
    """The RSA key of the Salesforce app, made when first wanted because that takes a while; gives its file."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    if not credentials.crm_private_key_file.exists():
        private, public = _pems(rsa.generate_private_key(65537, 2048))
        _write(credentials.crm_public_key_file, public)
        _write(credentials.crm_private_key_file, private)
    return credentials.crm_private_key_file


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _key_pair() -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.asymmetric import ec

    return _pems(ec.generate_private_key(ec.SECP256R1()))


def _pems(key: EllipticCurvePrivateKey | RSAPrivateKey) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives import serialization

    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


@dataclass(frozen=True)
class Claims:
    """What an assertion must say.

    Attributes:
        issuer: its ``iss``.
        audiences: one of them must be its ``aud``.
        longest_seconds: how long it may be valid.
        has_issue_time: ``iat`` is required; without it the time left counts.
    """

    issuer: str
    audiences: tuple[str, ...]
    longest_seconds: int = _LONGEST_ASSERTION_SECONDS
    has_issue_time: bool = False


def check_claims(assertion: str, public_pem: bytes, wanted: Claims) -> Mapping[str, Any]:
    """Check signature, issuer, audience and validity of a JWT; gives its claims.

    Raises:
        AssertionRefusedError: with the first thing that is wrong.
    """
    head, claims, signed, signature = _split(assertion)
    _check_signature(str(head.get("alg", "")), public_pem, signed, signature)
    audiences = claims.get("aud")
    listed = audiences if isinstance(audiences, list) else [audiences]
    if claims.get("iss") != wanted.issuer:
        raise AssertionRefusedError("iss is not the client id")
    if not set(wanted.audiences) & set(listed):
        raise AssertionRefusedError("aud is not the token endpoint")
    now = time.time()
    issued, expires = claims.get("iat", None if wanted.has_issue_time else now), claims.get("exp")
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise AssertionRefusedError("iat and exp are required" if wanted.has_issue_time else "exp is required")
    if expires <= now or issued > now + 60 or expires - issued > wanted.longest_seconds:
        raise AssertionRefusedError("the assertion is expired, from the future, or valid for too long")
    return claims


def check_assertion(assertion: str, public_pem: bytes, *, client_id: str, certificate_id: str, audience: str) -> None:
    """Check a NetSuite client assertion: a JWT signed PS256/384/512 or ES256/384/512 by the certificate's key.

    Raises:
        AssertionRefusedError: with the first thing that is wrong.
    """
    head = _split(assertion)[0]
    if head.get("typ", "JWT") != "JWT" or head.get("kid") != certificate_id:
        raise AssertionRefusedError("kid does not name a certificate of this integration")
    if str(head.get("alg", "")).startswith("RS"):
        raise AssertionRefusedError("alg RS is not accepted")
    claims = check_claims(assertion, public_pem, Claims(client_id, (audience,), has_issue_time=True))
    if "rest_webservices" not in str(claims.get("scope", "")):
        raise AssertionRefusedError("scope does not hold rest_webservices")


def _split(assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any], bytes, bytes]:
    signed, _, signature = assertion.rpartition(".")
    head, _, claims = signed.partition(".")
    try:
        parts = [json.loads(_decoded(part)) for part in (head, claims)]
        raw = _decoded(signature)
    except (ValueError, binascii.Error):
        raise AssertionRefusedError("not a JSON web token") from None
    if not all(isinstance(part, dict) for part in parts):
        raise AssertionRefusedError("not a JSON web token")
    return parts[0], parts[1], signed.encode(), raw


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _check_signature(algorithm: str, public_pem: bytes, signed: bytes, signature: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate

    is_certificate = b"BEGIN CERTIFICATE" in public_pem
    key = load_pem_x509_certificate(public_pem).public_key() if is_certificate else load_pem_public_key(public_pem)
    family, size = algorithm[:2], algorithm[2:]
    if size not in _SIGNATURES:
        raise AssertionRefusedError(f"alg {algorithm} is not accepted")
    try:
        if family in {"PS", "RS"} and isinstance(key, rsa.RSAPublicKey):
            _verify_rsa(key, algorithm, signed, signature)
        elif family == "ES" and isinstance(key, ec.EllipticCurvePublicKey):
            _verify_elliptic(key, size, signed, signature)
        else:
            raise AssertionRefusedError(f"alg {algorithm} does not fit the certificate")
    except InvalidSignature:
        raise AssertionRefusedError("the signature is not the certificate's") from None


def _verify_rsa(key: RSAPublicKey, algorithm: str, signed: bytes, signature: bytes) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    digest = getattr(hashes, _SIGNATURES[algorithm[2:]])()
    is_pss = algorithm.startswith("PS")
    padded = padding.PSS(padding.MGF1(digest), digest.digest_size) if is_pss else padding.PKCS1v15()
    key.verify(signature, signed, padded, digest)


def _verify_elliptic(key: EllipticCurvePublicKey, size: str, signed: bytes, signature: bytes) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half = _COORDINATE_BYTES[size]
    if len(signature) != 2 * half:
        raise AssertionRefusedError("the signature has the wrong length")
    first, second = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    key.verify(encode_dss_signature(first, second), signed, ec.ECDSA(getattr(hashes, _SIGNATURES[size])()))
