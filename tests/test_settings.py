"""qtc.toml and the environment: every error names the key, the value and the fix; no secret is ever shown."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from qtc_pipeline.errors import SettingsError
from qtc_pipeline.settings import EXAMPLE, load_settings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "qtc.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def change(config: Path, old: str, new: str) -> Path:
    text = config.read_text(encoding="utf-8")
    assert old in text
    config.write_text(text.replace(old, new, 1), encoding="utf-8")
    return config


def test_the_shipped_example_is_valid(config: Path) -> None:
    settings = load_settings(config)
    assert [instance.name for instance in settings.instances] == ["crm", "psa", "erp"]
    assert settings.tolerances.max_in_flight == Decimal("0.05")
    assert {entity.currency for entity in settings.legal_entities} == {"USD", "EUR", "GBP"}


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ('vendor = "kantata"', 'vendor = "mavenlink"', ["instances.psa.vendor", "mavenlink", "kantata"]),
        ('currency = "EUR"', 'currency = "Euro"', ["legal_entities.DE.currency", "Euro"]),
        ("max_concurrency = 5", "max_concurrency = 0", ["instances.erp.max_concurrency", "0", "greater than"]),
        ("interface_hours = 24", "interface_hour = 24", ["slas.interface_hour", "24"]),
        ("min_loads = 5", "min_loads = 2", ["anomalies.min_loads", "2", "greater than or equal to 3"]),
        ('reporting_currency = "USD"', "", ["reporting_currency", "required"]),
        ('erp = "2" }', 'sap = "2" }', ["legal_entities.DE.keys", "sap", "crm"]),
    ],
)
def test_an_error_names_the_key_the_value_and_the_fix(config: Path, old: str, new: str, names: list[str]) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(change(config, old, new))
    for name in names:
        assert name in str(raised.value)
    assert str(raised.value).endswith(".")


def test_a_secret_in_the_file_is_refused_and_not_shown(config: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(change(config, 'client_id = "qtc"', 'client_secret = "hunter2"'))
    assert "instances.crm.client_secret" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_secret_comes_from_the_environment_before_the_file(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crm.secret").write_text("from-file\n", encoding="utf-8")
    change(config, '# secret_file = "crm.secret"', 'secret_file = "crm.secret"')
    crm = load_settings(config).instance("crm")
    assert crm.secret.get_secret_value() == "from-file"
    monkeypatch.setenv("QTC_SECRET_CRM", "from-environment")
    assert crm.secret.get_secret_value() == "from-environment"
    assert "from-environment" not in repr(crm) + str(crm.secret)


def test_a_missing_secret_says_where_to_put_it(config: Path) -> None:
    with pytest.raises(SettingsError, match="QTC_SECRET_PSA"):
        _ = load_settings(config).instance("psa").secret


def test_broken_toml_names_the_line(config: Path) -> None:
    with pytest.raises(SettingsError, match="line"):
        load_settings(change(config, "[slas]", "[slas"))


def test_no_file_at_all_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QTC_HOME", str(tmp_path / "var"))
    with pytest.raises(SettingsError, match="qtc demo"):
        load_settings()


def test_an_unknown_instance_lists_the_known_ones(config: Path) -> None:
    with pytest.raises(SettingsError, match="crm, psa, erp"):
        load_settings(config).instance("sap")
