"""Whatever is done to the trail behind its back, the verification fails and names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qtc_pipeline.errors import AuditError
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Settings
from tests.ops.ledger import NOW, unguard

pytestmark = pytest.mark.xdist_group("postgres")
OTHER = SecretStr("another key")


def written(settings: Settings, rows: int = 5) -> list[audit.Anchor]:
    """A trail, and what a publication after each row saw of it."""
    anchors = []
    for number in range(1, rows + 1):
        with open_ledger(settings) as session:
            detail = {"amount": Decimal("1.10"), "at": NOW, "number": number, "text": "Zoë"}
            audit.append(
                session, actor="qtc", action="a.test", subject=f"s{number}", detail=detail, now=NOW + timedelta(number)
            )
            anchors.append(audit.Anchor(f"publication {number}", *audit.head(session)))
    return anchors


def tampered(settings: Settings, *statements: str) -> None:
    with open_store(settings) as session:
        unguard(session)
        for statement in statements:
            session.execute(text(statement))


def verify(settings: Settings, *anchors: audit.Anchor, key: SecretStr | None = None) -> int:
    with open_store(settings) as session:
        return audit.verify(session, key or settings.audit_key, anchors)


def test_a_trail_nobody_touched_holds(settings: Settings) -> None:
    assert verify(settings) == 0
    anchors = written(settings)
    assert verify(settings, audit.Anchor("publication 0", 0, audit.START), *anchors) == 5
    with open_store(settings) as session:
        said = json.loads(audit.rows_of(session, "s2")[0].detail)
        assert said == {"amount": "1.10", "at": NOW.isoformat(), "number": 2, "text": "Zoë"}


CLOSED_UP = ["delete from audit where seq = 2", "update audit set seq = seq - 1 where seq > 2"]
SWAP = [
    "update audit set seq = 99 where seq = 2",
    "update audit set seq = 2 where seq = 3",
    "update audit set seq = 3 where seq = 99",
]


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["update audit set detail = '{}' where seq = 3"], "audit row 3: was edited"),
        (["update audit set actor = 'ada' where seq = 1"], "audit row 1: was edited"),
        (["update audit set at = '2026-01-01 00:00:00' where seq = 5"], "audit row 5: was edited"),
        (["update audit set hash = previous_hash where seq = 4"], "audit row 4: was edited"),
        (["delete from audit where seq = 1"], "audit row 1: is missing"),
        (["delete from audit where seq = 3"], "audit row 3: is missing"),
        (["delete from audit where seq in (2, 3, 4)"], "audit row 2: is missing"),
        (
            ["delete from audit where seq = 2", "update audit set seq = seq - 1 where seq > 2"],
            "audit row 2: was written",
        ),
        (SWAP, "audit row 2: was written as row 3: rows were reordered"),
        (["delete from audit where seq = 5"], "audit row 5: missing at the end: publication 5 saw 5 rows, there are 4"),
        (["delete from audit where seq > 2"], "audit rows 3 to 5: missing at the end"),
        (["delete from audit"], "audit rows 1 to 5: missing at the end: publication 5 saw 5 rows, there are 0"),
    ],
)
def test_an_edit_a_deletion_or_another_order_is_named(settings: Settings, statements: list[str], told: str) -> None:
    anchors = written(settings)
    tampered(settings, *statements)
    with pytest.raises(AuditError, match=told):
        verify(settings, *anchors)


@pytest.mark.parametrize("statement", ["update audit set actor = 'ada'", "delete from audit where seq = 1"])
def test_the_database_itself_lets_the_trail_only_grow(settings: Settings, statement: str) -> None:
    written(settings, 2)

    def edited() -> None:
        with open_store(settings) as session:
            session.execute(text(statement))

    with pytest.raises(DBAPIError, match="the audit trail is append-only"):
        edited()
    assert verify(settings) == 2


def test_a_row_signed_with_another_key_is_named(settings: Settings) -> None:
    written(settings, 2)
    with open_ledger(settings) as session:
        _forge(session, 3, OTHER)
    with pytest.raises(AuditError, match="audit row 3: was edited"):
        verify(settings)


def test_a_trail_written_anew_by_someone_who_knows_the_key_is_not_what_publications_saw(settings: Settings) -> None:
    anchors = written(settings, 3)
    tampered(settings, "delete from audit where seq > 1")
    with open_ledger(settings) as session:
        for seq in (2, 3, 4):
            _forge(session, seq, settings.audit_key)
    assert verify(settings) == 4
    with pytest.raises(AuditError, match="audit row 2: is not the row publication 2 saw"):
        verify(settings, *anchors)


def _forge(session: Session, seq: int, key: SecretStr) -> None:
    previous = audit.head(session)[1]
    row = audit.AuditRow(
        seq=seq, at=NOW, actor="x", action="forged", subject="s", detail="{}", previous_hash=previous, hash=""
    )
    row.hash = audit._hash(row, seq, key)
    session.add(row)
    session.flush()


def test_nothing_is_added_to_a_trail_that_does_not_hold_with_the_key_in_force(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(settings, 2)
    monkeypatch.setenv("QTC_AUDIT_KEY", OTHER.get_secret_value())
    with pytest.raises(AuditError, match="audit row 2: does not hold with the key in force"):
        written(settings, 1)
    with pytest.raises(AuditError, match="or the key is another one"):
        verify(settings)


def test_a_detail_that_has_no_plain_spelling_is_refused(settings: Settings) -> None:
    def added() -> None:
        with open_ledger(settings) as session:
            audit.append(session, actor="a", action="b", subject="c", detail={"x": object()}, now=NOW)

    with pytest.raises(TypeError, match="cannot hold object"):
        added()


@pytest.fixture
def published(tmp_path: Path) -> Callable[[str, str], None]:
    def made(name: str, manifest: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(manifest, encoding="utf-8")

    return made


def test_the_anchors_are_those_of_every_publication_that_has_one(
    tmp_path: Path, published: Callable[[str, str], None]
) -> None:
    assert audit.anchors_in(tmp_path / "nowhere") == []
    published("20260102-b", json.dumps({"audit": {"count": 7, "hash": "h7"}}))
    published("20260101-a", json.dumps({"made": "before there was a trail"}))
    assert audit.anchors_in(tmp_path) == [audit.Anchor("publication 20260102-b", 7, "h7")]
    published("20260103-c", "{")
    with pytest.raises(AuditError, match="publication 20260103-c: its manifest is damaged"):
        audit.anchors_in(tmp_path)
