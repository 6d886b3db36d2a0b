"""qtc.toml and the environment: every error names the key, the value and the fix; no secret is ever shown."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from pathlib import Path

import pytest

from qtc_pipeline.errors import SettingsError
from qtc_pipeline.settings import EXAMPLE, load_settings
from qtc_pipeline.settings.corrections import Window


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


PINNED = 'writes = true\nidentity = "00D000000000001"\n'


def test_a_system_is_read_only_until_it_is_enabled_with_the_identity_it_must_answer(config: Path) -> None:
    assert not any(instance.writes for instance in load_settings(config).instances)
    with pytest.raises(SettingsError, match=r"instances\.crm: .*writes = true needs identity"):
        load_settings(change(config, 'vendor = "salesforce"', 'vendor = "salesforce"\nwrites = true'))
    change(config, "writes = true\n", PINNED)
    assert load_settings(config).instance("crm").writes


def test_a_sandbox_configuration_can_never_write_to_a_production_instance(config: Path) -> None:
    change(config, 'vendor = "salesforce"', f'vendor = "salesforce"\n{PINNED}')
    change(config, 'vendor = "kantata"', 'vendor = "kantata"\nenvironment = "sandbox"')
    with pytest.raises(SettingsError, match="may not write to production: crm"):
        load_settings(config)
    change(config, PINNED, f'{PINNED}environment = "sandbox"\n')
    assert load_settings(config).instance("crm").writes


@pytest.mark.parametrize(
    ("rules", "names"),
    [
        ('correction = "create_projects"\ndecision = "automatic"', ["create_projects", "create_project"]),
        ('correction = "align_rate"\ndecision = "yes"', ["decision", "yes", "two_approvals"]),
        ('correction = "align_rate"\ndecision = "never"\nlegal_entity = "FR"', ["FR", "DE"]),
        ('correction = "align_rate"\ndecision = "never"\ninstance = "sap"', ["sap", "psa"]),
        ('correction = "align_rate"\ndecision = "automatic"\nup_to = -1', ["up_to", "-1"]),
    ],
)
def test_a_policy_that_names_what_there_is_not_is_refused(config: Path, rules: str, names: list[str]) -> None:
    config.write_text(config.read_text(encoding="utf-8") + f"\n[[corrections.policies]]\n{rules}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load_settings(config)
    for name in names:
        assert name in str(raised.value)


def test_two_policies_for_the_same_case_are_refused(config: Path) -> None:
    rule = '\n[[corrections.policies]]\ncorrection = "align_rate"\ndecision = '
    config.write_text(config.read_text(encoding="utf-8") + f'{rule}"never"\n{rule}"approval"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="speak twice of align_rate"):
        load_settings(config)


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-06-27T22:30:00+00:00", True),
        ("2026-06-28T01:59:00+00:00", True),  # Saturday's window ends on Sunday
        ("2026-06-28T02:00:00+00:00", False),
        ("2026-06-28T22:30:00+00:00", False),
    ],
)
def test_a_maintenance_window_may_run_past_midnight(at: str, *, inside: bool) -> None:
    window = Window(weekday="saturday", start=time(22), end=time(2))
    assert window.covers(datetime.fromisoformat(at)) is inside


def test_the_key_of_the_audit_trail_is_made_once_and_lies_outside_the_store(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(config, home=tmp_path / "var")
    key = settings.audit_key.get_secret_value()
    assert len(key) == 64
    assert load_settings(config, home=tmp_path / "var").audit_key.get_secret_value() == key
    assert (tmp_path / "var" / "audit.key").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("QTC_AUDIT_KEY", "from-environment")
    assert settings.audit_key.get_secret_value() == "from-environment"


def test_a_named_audit_key_that_is_missing_is_never_made_up(config: Path) -> None:
    change(config, '# audit_key_file = "audit.key"', 'audit_key_file = "elsewhere.key"')
    with pytest.raises(SettingsError, match=r"elsewhere\.key.*QTC_AUDIT_KEY"):
        _ = load_settings(config).audit_key
