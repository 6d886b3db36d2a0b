"""Mutants nobody notices because they change nothing, each with its reason.

Add here: a survivor that was looked at and found to be the same by construction. What is merely not tested is no
equivalent: it needs a firm in which it shows. Keys are those the run prints.
"""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {}
