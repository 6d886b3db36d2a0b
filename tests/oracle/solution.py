"""What the executive figures need to know of the oracle's answer.

Add here: a part of the answer another part reads. Stays out: computing it (``solve``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from tests.oracle.exposure import Carried, Primary
from tests.oracle.firm_view import View
from tests.oracle.invoices import InvoiceException
from tests.oracle.margin import Margin
from tests.oracle.marts import Backlog, Unbilled
from tests.oracle.standing import Standing


class Answer(Protocol):
    """The marts and exceptions of a firm."""

    @property
    def view(self) -> View: ...
    @property
    def standing(self) -> Mapping[str, Standing]: ...
    @property
    def primaries(self) -> Mapping[str, Primary]: ...
    @property
    def exceptions(self) -> Sequence[Carried]: ...
    @property
    def backlog(self) -> Sequence[Backlog]: ...
    @property
    def unbilled(self) -> Sequence[Unbilled]: ...
    @property
    def margins(self) -> Sequence[Margin]: ...
    @property
    def invoice_exceptions(self) -> Sequence[InvoiceException]: ...
