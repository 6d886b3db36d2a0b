"""People of the store: who may look, operate, approve or administer, up to which amount, known by a token.

A token is shown once; the store keeps a salted scrypt hash. Add here: a right a person may have. Stays out: what is
decided with it (``approvals``, ``governed``).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.models_corrections import Person

ROLES = ("viewer", "operator", "approver", "admin")
"""Each may do what the ones before it may."""
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,119}$")
_COST = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and about 50 ms a check


def add(
    session: Session, name: str, role: str, *, actor: str, now: datetime, approval_limit: Decimal | None = None
) -> str:
    """Add a person; their token, shown this once.

    Args:
        session: of ``store.open_ledger``.
        name: letters, digits and ``._@+-``.
        role: one of ``ROLES``.
        actor: who adds them.
        now: when.
        approval_limit: largest exposure they may approve, in the reporting currency; None: any.

    Raises:
        CorrectionError: the name is taken or cannot be one, no such role, or a limit that is none.
    """
    if not _NAME.match(name):
        raise CorrectionError(f"user '{name}'", "is no name", "Use letters, digits and . _ @ + -")
    if role not in ROLES:
        raise CorrectionError(f"user '{name}'", f"'{role}' is no role", f"Use one of: {', '.join(ROLES)}")
    if approval_limit is not None and (not approval_limit.is_finite() or approval_limit < 0):
        raise CorrectionError(f"user '{name}'", f"{approval_limit} is no approval limit", "Name an amount from 0 on")
    if session.get(Person, name) is not None:
        raise CorrectionError(f"user '{name}'", "is there already", "Use another name, or `qtc users token`")
    token, salt, digest = _new_token(name)
    session.add(
        Person(
            name=name,
            role=role,
            approval_limit=approval_limit,
            token_salt=salt,
            token_hash=digest,
            created_at=now,
        )
    )
    detail = {"role": role, "approval_limit": approval_limit}
    audit.append(session, actor=actor, action="user.added", subject=name, detail=detail, now=now)
    return token


def new_token(session: Session, name: str, *, actor: str, now: datetime) -> str:
    """Give a person a new token, shown this once; the one before is void.

    Raises:
        CorrectionError: there is no such person, or they are disabled.
    """
    person = enabled(session, name)
    token, person.token_salt, person.token_hash = _new_token(name)
    audit.append(session, actor=actor, action="user.token", subject=name, detail={}, now=now)
    return token


def disable(session: Session, name: str, *, actor: str, now: datetime) -> None:
    """Take every right from a person, who stays on record.

    Raises:
        CorrectionError: there is no such person, or they are disabled already.
    """
    enabled(session, name).disabled_at = now
    audit.append(session, actor=actor, action="user.disabled", subject=name, detail={}, now=now)


def check_token(session: Session, token: str) -> Person:
    """The person a token belongs to.

    Raises:
        CorrectionError: it belongs to nobody, or to someone disabled; the message never tells which.
    """
    name, _, _ = token.rpartition(".")
    person = session.get(Person, name)
    # an unknown name costs the same time as a known one
    salt, expected = (person.token_salt, person.token_hash) if person is not None else (secrets.token_hex(16), "")
    if not hmac.compare_digest(_digest(token, salt), expected) or person is None or person.disabled_at is not None:
        raise CorrectionError("token", "is not valid", "Ask an administrator for one: `qtc users token`")
    return person


def administrator(session: Session, token: str | None) -> str:
    """Who changes people: the admin a token names; the command line itself as long as there is no admin.

    Raises:
        CorrectionError: there is an admin, and the token is none's.
    """
    if not any(may(one, "admin") for one in list_people(session)):
        return "command line"
    if token is None:
        raise CorrectionError("users", "only an admin may change them", "Give an admin's token: QTC_TOKEN or --token")
    person = check_token(session, token)
    if not may(person, "admin"):
        raise CorrectionError(f"user '{person.name}'", f"is {person.role}, not admin", "Ask an admin")
    return person.name


def enabled(session: Session, name: str) -> Person:
    """The person of that name who may do something.

    Raises:
        CorrectionError: there is none, or they are disabled.
    """
    person = session.get(Person, name)
    if person is None or person.disabled_at is not None:
        cause = "is disabled" if person is not None else "is not known"
        raise CorrectionError(f"user '{name}'", cause, "See `qtc users list`")
    return person


def may(person: Person, role: str) -> bool:
    """Whether a person may do what a role may."""
    return person.disabled_at is None and ROLES.index(person.role) >= ROLES.index(role)


def list_people(session: Session) -> list[Person]:
    """Everyone, disabled ones too, by name."""
    return list(session.scalars(select(Person).order_by(Person.name)))


def _new_token(name: str) -> tuple[str, str, str]:
    token, salt = f"{name}.{secrets.token_urlsafe(32)}", secrets.token_hex(16)
    return token, salt, _digest(token, salt)


def _digest(token: str, salt: str) -> str:
    return hashlib.scrypt(token.encode(), salt=bytes.fromhex(salt), **_COST).hex()
