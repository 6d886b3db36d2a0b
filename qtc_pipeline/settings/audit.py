"""The key of the audit trail: outside the operational store, so that whoever edits the store cannot sign again.

Stays out: signing (``ops.audit``).
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from pydantic import SecretStr

from qtc_pipeline.errors import SettingsError


def audit_key(home: Path, named: Path | None) -> SecretStr:
    """The key: from ``QTC_AUDIT_KEY``, else from a file.

    Args:
        home: where a key is made on first use, readable by its owner only, if no file is named.
        named: ``audit_key_file``.

    Raises:
        SettingsError: the named file is not there or empty.
    """
    given = os.environ.get("QTC_AUDIT_KEY")
    if given:
        return SecretStr(given)
    path = named or home / "audit.key"
    if named is None and not path.is_file():
        _make(path)
    key = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    if not key:
        raise SettingsError(f"audit key {path}", "not found or empty", "Set QTC_AUDIT_KEY, or write the file")
    return SecretStr(key)


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; where two make one at once, the first stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="audit.key.")  # mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(name, path)
    except FileExistsError:
        return
    finally:
        Path(name).unlink()
