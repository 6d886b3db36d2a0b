"""One running copy of a vendor's system: how it is reached and with which credentials.

Here: ``Instance``, its secrets (from the environment or a file, never from ``qtc.toml``), whether it may be written.
Add here: a key that tells how a system is reached. Stays out: using it (``systems``).
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from qtc_pipeline.errors import SettingsError
from qtc_pipeline.keys import OPS
from qtc_pipeline.settings.corrections import Window
from qtc_pipeline.settings.section import Strict

Vendor = Literal["salesforce", "kantata", "netsuite", "tryton", "ops"]
Role = Literal["crm", "psa", "erp"]
Auth = Literal["client_credentials", "jwt_bearer", "certificate", "tba"]
Environment = Literal["production", "sandbox"]
_NEEDED: dict[Auth, tuple[str, ...]] = {
    "client_credentials": ("client_id",),
    "jwt_bearer": ("client_id", "username"),
    "certificate": ("client_id", "certificate_id"),
    "tba": ("client_id", "access_id", "account"),
}


class Instance(Strict):
    """One running copy of a vendor's system (``[instances.<name>]``)."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")
    vendor: Vendor
    roles: tuple[Role, ...] = Field(min_length=1)
    base_url: str = Field(pattern=r"^https?://")
    client_id: str | None = None
    account: str | None = None
    username: str | None = None
    database: str | None = None
    certificate_id: str | None = None
    auth: Auth | None = None
    audience: str | None = None
    access_id: str | None = None
    secret_file: Path | None = None
    private_key_file: Path | None = None
    token_secret_file: Path | None = None
    max_concurrency: int = Field(default=4, ge=1, le=32)
    page_size: int | None = Field(default=None, ge=1, le=5000)
    bulk_above_rows: int = Field(default=50_000, ge=0)
    look_back_seconds: int = Field(default=600, ge=0)
    max_age_hours: int = Field(default=26, ge=1)
    max_delete_share: Decimal = Field(default=Decimal("0.05"), ge=0, le=1)
    integration_user: str | None = None
    writes: bool = False
    identity: str | None = Field(default=None, min_length=1)
    environment: Environment = "production"
    maintenance: tuple[Window, ...] = ()

    @model_validator(mode="after")
    def _is_pinned(self) -> Self:
        if self.writes and self.identity is None:
            message = "writes = true needs identity: the organisation or account id the system itself must answer with"
            raise ValueError(message)
        return self

    @property
    def secret(self) -> SecretStr:
        """Client secret, token or password of this instance.

        Raises:
            SettingsError: neither the environment variable nor the file is there.
        """
        return _secret(self.name, "QTC_SECRET", self.secret_file, "secret_file")

    @property
    def private_key(self) -> SecretStr:
        """Private key (PEM) of this instance's certificate.

        Raises:
            SettingsError: neither the environment variable nor the file is there.
        """
        return _secret(self.name, "QTC_PRIVATE_KEY", self.private_key_file, "private_key_file")

    @property
    def token_secret(self) -> SecretStr:
        """Second secret of a pair: the token's, where ``secret`` is the consumer's.

        Raises:
            SettingsError: neither the environment variable nor the file is there.
        """
        return _secret(self.name, "QTC_TOKEN_SECRET", self.token_secret_file, "token_secret_file")

    def way_in(self, *ways: Auth) -> Auth:
        """How to log in: ``auth``, or the first way this vendor knows.

        Raises:
            SettingsError: ``auth`` is a way this vendor does not know, or a key it needs is missing.
        """
        way = self.auth or ways[0]
        if way not in ways:
            known = " or ".join(ways)
            raise SettingsError(f"instances.{self.name}.auth", f"'{way}' is no way into {self.vendor}", f"Use {known}")
        for key in _NEEDED[way]:
            if not getattr(self, key):
                raise SettingsError(f"instances.{self.name}.{key}", "is missing", f"Write it; {way} needs it")
        return way


class Feedback(Instance):
    """The operational store read as a system of its own; no entry of ``qtc.toml``, there is always one.

    Its address is a database's and may hold a password, so it is never shown.
    """

    vendor: Vendor = OPS
    roles: tuple[Role, ...] = ()
    base_url: str = Field(repr=False)


def _secret(name: str, prefix: str, file: Path | None, key: str) -> SecretStr:
    variable = f"{prefix}_{name.upper()}"
    value = os.environ.get(variable)
    if value:
        return SecretStr(value)
    if file is not None and file.is_file():
        return SecretStr(file.read_text(encoding="utf-8").strip())
    where = f"{variable} is not set" + (f" and the file {file} is not there" if file else "")
    raise SettingsError(
        f"instance '{name}'", where, f"Set {variable}, or name a readable file in instances.{name}.{key}"
    )
