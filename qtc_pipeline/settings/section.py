"""The base of every section of ``qtc.toml``.

Stays out: sections themselves.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A section of ``qtc.toml``: an unknown key is an error, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
