"""Settings: ``qtc.toml`` and the environment, validated once, the only reader of either.

Here: assembling and reading them; sections are in ``instance``, ``limits`` and ``corrections``. Add here: a key of the
whole. Stays out: defaults that hide danger (a missing secret is an error when it is asked for, not an empty string),
and anything computed from data.

Environment: ``QTC_CONFIG`` (path of qtc.toml), ``QTC_HOME`` (folder of what runs make, default ``var``), ``QTC_AS_OF``
(instant a build speaks about), ``QTC_SECRET_<INSTANCE>``, ``QTC_PRIVATE_KEY_<INSTANCE>`` and
``QTC_TOKEN_SECRET_<INSTANCE>`` (secrets; files named in the TOML are the alternative), ``QTC_AUDIT_KEY`` (key of the
audit trail). Secrets never stand in the TOML and never leave their ``SecretStr``.
"""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import AwareDatetime, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from qtc_pipeline.errors import SettingsError
from qtc_pipeline.keys import OPS
from qtc_pipeline.settings.audit import audit_key
from qtc_pipeline.settings.corrections import Corrections, PolicyRule
from qtc_pipeline.settings.instance import Feedback, Instance, Role, Vendor
from qtc_pipeline.settings.limits import Anomalies, LegalEntity, OpeningBalance, Past, RuleTolerance, Slas, Tolerances
from qtc_pipeline.settings.section import Strict

__all__ = [
    "EXAMPLE",
    "Anomalies",
    "Corrections",
    "Instance",
    "LegalEntity",
    "OpeningBalance",
    "Past",
    "PolicyRule",
    "Role",
    "RuleTolerance",
    "Settings",
    "Slas",
    "Tolerances",
    "Vendor",
    "child_environment",
    "find_config",
    "home_in_force",
    "load_settings",
]

EXAMPLE = Path(__file__).resolve().parent.with_name("qtc.example.toml")
_PRIVATE = ("QTC_SECRET_", "QTC_PRIVATE_KEY_", "QTC_TOKEN_SECRET_", "QTC_AUDIT_KEY")
_SECRET_WORDS = ("secret", "password", "token", "private_key", "api_key")


class Settings(Strict):
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
    corrections: Corrections = Corrections()
    opening_balances: tuple[OpeningBalance, ...] = ()
    ops_database_url: str | None = None
    audit_key_file: Path | None = None
    past: Past | None = None

    @model_validator(mode="after")
    def _names_meet(self) -> Self:
        names = {instance.name for instance in self.instances}
        if OPS in names or any(instance.vendor == OPS for instance in self.instances):
            message = f"instances: '{OPS}' is the operational store, which is read without an entry"
            raise ValueError(message)
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
        for rule in self.corrections.policies:
            if rule.legal_entity is not None and rule.legal_entity not in known:
                message = f"corrections.policies names legal entity '{rule.legal_entity}', known are {sorted(known)}"
                raise ValueError(message)
            if rule.instance is not None and rule.instance not in names:
                message = f"corrections.policies names instance '{rule.instance}', known are {sorted(names)}"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _one_environment_is_written(self) -> Self:
        places = {instance.environment for instance in self.instances}
        written = sorted(one.name for one in self.instances if one.writes and one.environment == "production")
        if "sandbox" in places and written:
            message = f"a configuration with sandbox instances may not write to production: {', '.join(written)}"
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

    @property
    def audit_key(self) -> SecretStr:
        """Key of the audit trail, outside the operational store (:mod:`qtc_pipeline.settings.audit`)."""
        return audit_key(self.home, self.audit_key_file)

    @cached_property
    def legal_entity_ids(self) -> frozenset[str]:
        """Ids of all legal entities."""
        return frozenset(entity.id for entity in self.legal_entities)

    @property
    def feedback(self) -> Feedback:
        """The operational store as an instance that is read after the firm's own."""
        return Feedback(name=OPS, base_url=self.ops_url)

    @property
    def sources(self) -> tuple[Instance, ...]:
        """Everything that is read: the firm's instances, then the operational store."""
        return (*self.instances, self.feedback)

    def instance(self, name: str) -> Instance:
        """The instance of that name; ``ops`` is the operational store.

        Raises:
            SettingsError: there is none; the message lists the known ones.
        """
        for candidate in self.sources:
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
    if "audit_key_file" in document:
        document["audit_key_file"] = folder / str(document["audit_key_file"])
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
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_PRIVATE)}
    return {**kept, **extra}
