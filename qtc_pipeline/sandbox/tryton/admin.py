"""An administrator's hand on a Tryton server: bulk records, buttons, wizards and the warnings they raise.

Here: how the seed writes over RPC. Stays out: what it writes (``books.py``, ``work.py``, ``billing.py``), and anything
the connector needs (``qtc_pipeline.systems.tryton`` only reads).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.systems.tryton.rpc import ConfirmationNeededError, TrytonRpc

Row = Mapping[str, Any]
_MOST_WARNINGS = 50


class Admin:
    """Writes over one session; ``company`` is the context every call of this object carries.

    Args:
        rpc: an open session of an administrator.
        company: id of the company whose context is sent; None before there is one.
    """

    def __init__(self, rpc: TrytonRpc, company: int | None = None) -> None:
        self.rpc = rpc
        self.company = company
        self.context: dict[str, Any] = {"active_test": False, "language": "en"}
        if company is not None:
            self.context["company"] = company

    def at(self, company: int) -> Admin:
        """The same session in the context of another company."""
        return Admin(self.rpc, company)

    def call(self, method: str, *params: Any) -> Any:
        """Call with the context as last parameter; warnings are confirmed and the call is sent again."""
        for _ in range(_MOST_WARNINGS):
            try:
                return self.rpc.call(method, *params, self.context)
            except ConfirmationNeededError as warning:
                self.rpc.call("model.res.user.warning.skip", warning.name, False, self.context)
        raise SandboxError(f"Tryton, {method}", f"more than {_MOST_WARNINGS} warnings")

    def create(self, model: str, rows: Sequence[Row]) -> list[int]:
        """Create many records in one call; ids in the order of the rows."""
        return list(self.call(f"model.{model}.create", list(rows)))

    def write(self, model: str, ids: Sequence[int], values: Row) -> None:
        """Write the same values on some records."""
        self.call(f"model.{model}.write", list(ids), values)

    def press(self, model: str, button: str, ids: Sequence[int]) -> Any:
        """Press a button on some records."""
        return self.call(f"model.{model}.{button}", list(ids))

    def find(self, model: str, domain: Sequence[Any], fields: Sequence[str]) -> list[dict[str, Any]]:
        """Records that match, by id."""
        return list(self.call(f"model.{model}.search_read", list(domain), 0, None, [["id", "ASC"]], list(fields)))

    def one(self, model: str, domain: Sequence[Any]) -> int:
        """The id of the one record that matches.

        Raises:
            SandboxError: none or several.
        """
        found = self.call(f"model.{model}.search", list(domain), 0, None, [["id", "ASC"]])
        if len(found) != 1:
            raise SandboxError(f"Tryton, {model} {domain}", f"{len(found)} records where one was expected")
        return int(found[0])

    def wizard(
        self,
        name: str,
        steps: Sequence[tuple[str, Mapping[str, Row]]],
        record: tuple[str, int] | None = None,
        selection: Sequence[int] = (),
    ) -> None:
        """Walk through a wizard: each step names the state to go to and the forms filled in so far.

        A wizard that has ended before its last step ends quietly: the steps left over were not needed.
        """
        walker = Admin(self.rpc, self.company)
        if record is not None:
            walker.context |= {
                "active_model": record[0],
                "active_id": record[1],
                "active_ids": list(selection) or [record[1]],
            }
        session, *_ = walker.call(f"wizard.{name}.create")
        for state, forms in steps:
            answer = walker.call(f"wizard.{name}.execute", session, forms, state)
            if not answer.get("view"):
                break
        walker.call(f"wizard.{name}.delete", session)
