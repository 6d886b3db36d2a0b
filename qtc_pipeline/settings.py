"""Settings: ``qtc.toml`` and the environment, validated once, the only reader of either.

Add here: a key every room may ask for. Stays out: defaults that hide danger (a missing secret is an error when it is
asked for, not an empty string), and anything computed from data.

Environment: ``QTC_CONFIG`` (path of qtc.toml), ``QTC_HOME`` (folder of what runs make, default ``var``), ``QTC_AS_OF``
(instant a build speaks about), ``QTC_SECRET_<INSTANCE>``, ``QTC_PRIVATE_KEY_<INSTANCE>`` and
``QTC_TOKEN_SECRET_<INSTANCE>`` (secrets; files named in the TOML are the alternative). Secrets never stand in the TOML
and never leave their ``SecretStr``.
"""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from qtc_pipeline.errors import SettingsError

Vendor = Literal["salesforce", "kantata", "netsuite", "tryton"]
Role = Literal["crm", "psa", "erp"]
Auth = Literal["client_credentials", "jwt_bearer", "certificate", "tba"]
_NEEDED: dict[Auth, tuple[str, ...]] = {
    "client_credentials": ("client_id",),
    "jwt_bearer": ("client_id", "username"),
    "certificate": ("client_id", "certificate_id"),
    "tba": ("client_id", "access_id", "account"),
}
EXAMPLE = Path(__file__).with_name("qtc.example.toml")
_SECRET_WORDS = ("secret", "password", "token", "private_key", "api_key")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Instance(_Strict):
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


class LegalEntity(_Strict):
    """A company of the firm (``[legal_entities.<id>]``); ``keys`` maps instance name -> that system's own key."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,20}$")
    name: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    keys: dict[str, str]


class Slas(_Strict):
    """How late things may be before they are somebody's work."""

    interface_hours: int = Field(default=24, ge=0)
    max_load_gap_hours: int = Field(default=26, ge=0)
    activation_days: int = Field(default=14, ge=0)
    unbilled_days: int = Field(default=60, ge=0)
    staffing_days: int = Field(default=14, ge=0)
    interface_hours_by_leg: dict[str, int] = Field(default_factory=lambda: {"milestone.erp": 168})

    def interface_hours_of(self, leg: str) -> int:
        """Hours a row of a leg may be on its way; an accepted milestone is billed by people, who need a week."""
        return self.interface_hours_by_leg.get(leg, self.interface_hours)


class RuleTolerance(_Strict):
    """Limits of one rule or leg, in one mart or all, of one legal entity or all (``[[tolerances.rules]]``)."""

    rule: str
    mart: str | None = None
    legal_entity: str | None = None
    exposure: Decimal | None = Field(default=None, ge=0)
    max_in_flight: Decimal | None = Field(default=None, ge=0, le=1)

    def covers(self, mart: str, leg: str, legal_entity: str | None) -> bool:
        """Whether this is said of a leg (or its whole rule) in a mart and legal entity."""
        return (
            self.rule in {leg, leg.split(".", maxsplit=1)[0]}
            and self.mart in {None, mart}
            and self.legal_entity in {None, legal_entity}
        )

    @property
    def precision(self) -> tuple[bool, bool, bool]:
        """The most precise of several decides: legal entity before mart before leg."""
        return (self.legal_entity is not None, self.mart is not None, "." in self.rule)


class Tolerances(_Strict):
    """Exposure (reporting currency) a financial mart may carry; share in flight above which it is held.

    What a rule's own tolerance covers is judged against it alone and uses up nothing of the mart's.
    """

    exposure: dict[str, Decimal] = Field(default_factory=dict)
    max_in_flight: Decimal = Field(default=Decimal("0.05"), ge=0, le=1)
    rules: tuple[RuleTolerance, ...] = ()

    def exposure_of(self, mart: str) -> Decimal:
        """Tolerated exposure of a mart, reporting currency; zero where nothing is said."""
        return self.exposure.get(mart, Decimal(0))

    def own_exposure(self, mart: str, leg: str, legal_entity: str | None) -> RuleTolerance | None:
        """The rule's own limit of exposure, None where the mart's holds."""
        return self._own([one for one in self.rules if one.exposure is not None], mart, leg, legal_entity)

    def in_flight_of(self, mart: str, leg: str) -> Decimal:
        """Share of a leg that may be in flight in a mart."""
        of_all = [one for one in self.rules if one.max_in_flight is not None and one.legal_entity is None]
        own = self._own(of_all, mart, leg, None)
        return self.max_in_flight if own is None or own.max_in_flight is None else own.max_in_flight

    @staticmethod
    def _own(rules: list[RuleTolerance], mart: str, leg: str, legal_entity: str | None) -> RuleTolerance | None:
        return max(
            (one for one in rules if one.covers(mart, leg, legal_entity)), key=lambda one: one.precision, default=None
        )


class Anomalies(_Strict):
    """When a load is out of the ordinary against the entity's own earlier loads (``[anomalies]``)."""

    min_loads: int = Field(default=5, ge=3)
    deviations: Decimal = Field(default=Decimal(8), gt=0)
    min_change: Decimal = Field(default=Decimal("0.25"), ge=0)
    stale_after_days: int = Field(default=7, ge=1)


class OpeningBalance(_Strict):
    """Closing of a stock before the oldest record the systems hold."""

    stock: Literal["backlog", "unbilled", "ar", "contract_position"]
    legal_entity: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    amount: Decimal


class Past(_Strict):
    """A past moment that is built again: of the lake only the loads that were known then count.

    Attributes:
        lake_home: home of the lake; the rebuild itself lies in a home of its own.
        load_numbers: ``vendor/entity`` -> number of loads its table had, in the order of their commits; None where the
            moment is told by ``known_at`` alone.
        known_at: loads completed later do not count.
    """

    lake_home: Path
    load_numbers: dict[str, int] | None = None
    known_at: AwareDatetime | None = None


class Settings(_Strict):
    """Everything a run may ask for. Built by :func:`load_settings`."""

    home: Path
    config_path: Path
    reporting_currency: str = Field(pattern=r"^[A-Z]{3}$")
    as_of: AwareDatetime | None = None
    instances: tuple[Instance, ...] = Field(min_length=1)
    legal_entities: tuple[LegalEntity, ...] = Field(min_length=1)
    slas: Slas = Slas()
    tolerances: Tolerances = Tolerances()
    anomalies: Anomalies = Anomalies()
    opening_balances: tuple[OpeningBalance, ...] = ()
    ops_database_url: str | None = None
    past: Past | None = None

    @model_validator(mode="after")
    def _names_meet(self) -> Self:
        names = {instance.name for instance in self.instances}
        for entity in self.legal_entities:
            for name in entity.keys:
                if name not in names:
                    message = f"legal_entities.{entity.id}.keys names instance '{name}', known are {sorted(names)}"
                    raise ValueError(message)
        known = {entity.id for entity in self.legal_entities}
        for balance in self.opening_balances:
            if balance.legal_entity not in known:
                message = f"opening_balances names legal entity '{balance.legal_entity}', known are {sorted(known)}"
                raise ValueError(message)
        return self

    @property
    def lake_dir(self) -> Path:
        """Folder of the raw lake."""
        return (self.past.lake_home if self.past else self.home) / "lake"

    @property
    def warehouse_path(self) -> Path:
        """The DuckDB file the transform step writes; nobody else opens it for writing."""
        return self.home / "warehouse.duckdb"

    @property
    def published_dir(self) -> Path:
        """Folder of the publications and of the pointer to the current one."""
        return self.home / "published"

    @property
    def sandbox_dir(self) -> Path:
        """Folder of the simulators' state."""
        return self.home / "sandbox"

    @property
    def dagster_home(self) -> Path:
        """DAGSTER_HOME of runs started from the command line."""
        return self.home / "dagster"

    @property
    def ops_url(self) -> str:
        """SQLAlchemy URL of the operational store."""
        return self.ops_database_url or f"sqlite:///{self.home / 'ops.db'}"

    @cached_property
    def legal_entity_ids(self) -> frozenset[str]:
        """Ids of all legal entities."""
        return frozenset(entity.id for entity in self.legal_entities)

    def instance(self, name: str) -> Instance:
        """The instance of that name.

        Raises:
            SettingsError: there is none; the message lists the known ones.
        """
        for candidate in self.instances:
            if candidate.name == name:
                return candidate
        known = ", ".join(instance.name for instance in self.instances)
        raise SettingsError(f"instance '{name}'", f"not in {self.config_path}", f"Use one of: {known}")

    def with_role(self, role: Role) -> tuple[Instance, ...]:
        """Instances that play a role, in the order of the file."""
        return tuple(instance for instance in self.instances if role in instance.roles)

    def as_of_or_now(self) -> datetime:
        """The instant a build speaks about, UTC."""
        return (self.as_of or datetime.now(UTC)).astimezone(UTC)


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="QTC_", extra="ignore")

    config: Path | None = None
    home: Path = Path("var")
    as_of: AwareDatetime | None = None
    ops_database_url: str | None = None


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


def find_config(environment: _Environment | None = None) -> Path | None:
    """The qtc.toml in force: ``QTC_CONFIG``, else ./qtc.toml, else <home>/qtc.toml; None where there is none."""
    environment = environment or _Environment()
    if environment.config is not None:
        return environment.config
    for candidate in (Path("qtc.toml"), environment.home / "qtc.toml"):
        if candidate.is_file():
            return candidate
    return None


def home_in_force() -> Path:
    """The folder of what runs make: ``QTC_HOME``, else ``var``."""
    return _Environment().home.absolute()


def load_settings(
    path: Path | None = None, *, home: Path | None = None, fall_back_to_example: bool = False
) -> Settings:
    """Read and validate the settings.

    Args:
        path: a qtc.toml; by default the one :func:`find_config` finds.
        home: folder of what runs make; by default ``QTC_HOME``, else ``var``.
        fall_back_to_example: use the shipped example where there is no qtc.toml (loading the Dagster graph only).

    Raises:
        SettingsError: names the key, its value and the fix; several problems are listed in one message.
    """
    try:
        environment = _Environment()
    except ValidationError as error:
        raise SettingsError("environment", _explain(error), "Correct the QTC_* variables") from None
    found = path or find_config(environment)
    if found is None and fall_back_to_example:
        found = EXAMPLE
    if found is None or not found.is_file():
        where = str(found) if found else "qtc.toml"
        raise SettingsError(where, "not found", "Run `qtc demo`, or `qtc init` to write a commented example")
    try:
        document = tomllib.loads(found.read_text(encoding="utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(str(found), f"is not valid TOML: {error}", "Correct the line it names") from None
    return _build(document, found.absolute(), environment, (home or environment.home).absolute())


def _build(document: dict[str, Any], path: Path, environment: _Environment, home: Path) -> Settings:
    _refuse_secrets(document, path)
    for table in ("instances", "legal_entities"):
        if not isinstance(document.get(table, {}), dict):
            raise SettingsError(f"{path}: {table}", "is not a table", f"Write [{table}.<name>] sections")
    if "past" in document:
        raise SettingsError(f"{path}: past", "is no key of the file", "Use `qtc publish rebuild` to go back in time")
    folder = path.parent
    instances = []
    for name, values in document.pop("instances", {}).items():
        resolved = dict(values)
        for key in ("secret_file", "private_key_file", "token_secret_file"):
            if key in resolved:
                resolved[key] = folder / str(resolved[key])
        instances.append({"name": name, **resolved})
    entities = [{"id": key, **values} for key, values in document.pop("legal_entities", {}).items()]
    values = {
        **document,
        "home": home,
        "config_path": path,
        "instances": instances,
        "legal_entities": entities,
    }
    if environment.as_of is not None:
        values["as_of"] = environment.as_of
    if environment.ops_database_url is not None:
        values["ops_database_url"] = environment.ops_database_url
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(str(path), _explain(error, values), "Correct these keys") from None


def _refuse_secrets(document: dict[str, Any], path: Path, trail: str = "") -> None:
    for key, value in document.items():
        where = f"{trail}{key}"
        if isinstance(value, dict):
            _refuse_secrets(value, path, f"{where}.")
        elif any(word in key.lower() for word in _SECRET_WORDS) and not key.endswith("_file"):
            raise SettingsError(
                f"{path}: {where}", "a secret must not stand in the file", "Use QTC_SECRET_<INSTANCE> or secret_file"
            )


def _explain(error: ValidationError, values: dict[str, Any] | None = None) -> str:
    parts = []
    for problem in error.errors(include_url=False):
        location = [str(part) for part in problem["loc"]]
        if values and len(location) > 1 and location[0] in ("instances", "legal_entities"):
            row = values[location[0]][int(location[1])]
            location[1] = str(row.get("name") if location[0] == "instances" else row.get("id"))
        key = ".".join(location) or "file"
        shown = "" if problem["type"] in ("missing", "value_error") else f" = {problem['input']!r}"
        parts.append(f"{key}{shown}: {problem['msg']}")
    return "; ".join(parts)


def child_environment(**extra: str) -> dict[str, str]:
    """Environment of a program we start: ours without the secrets, which only the ingest room needs."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("QTC_SECRET_", "QTC_PRIVATE_KEY_"))}
    return {**kept, **extra}
