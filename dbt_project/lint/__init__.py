"""dbt's names for sqlfluff: what macros call while a model is rendered for linting.

Here: stand-ins for dbt's own objects, so that the linter sees SQL of the right shape without starting dbt. A dispatched
macro becomes a function call. Stays out: macros of the project, which the linter renders as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

_PROJECT = Path(__file__).parents[1] / "dbt_project.yml"


def var(name: str, default: Any = None) -> Any:
    """Value of a project variable."""
    return yaml.safe_load(_PROJECT.read_text())["vars"].get(name, default)


def _dispatch(name: str, _namespace: str | None = None) -> Callable[..., str]:
    def call(*arguments: object) -> str:
        return f"{name}({', '.join(str(one) for one in arguments)})"

    return call


def _raise(message: str) -> None:
    raise ValueError(message)


def _quote(name: str) -> str:
    """Quoted where it must be: the linter objects to needless quotes."""
    return name if name.isidentifier() else f'"{name}"'


adapter = SimpleNamespace(dispatch=_dispatch, quote=_quote)
exceptions = SimpleNamespace(raise_compiler_error=_raise)
dbt = SimpleNamespace(type_string=lambda: "varchar", type_timestamp=lambda: "timestamp")
globals()["return"] = lambda value: value
