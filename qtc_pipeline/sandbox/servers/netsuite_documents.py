"""NetSuite's documents: lines and their totals, what follows from another document, voids.

Signs follow the ledger: an invoice's main line is positive and its items negative, a credit memo's the other way round;
clients write amounts as they are printed on the document. Add here what happens to a document when it is saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qtc_pipeline.sandbox.names import INTEGRATION_USER
from qtc_pipeline.sandbox.servers.catalogue import entities
from qtc_pipeline.sandbox.servers.netsuite_ledger import Ledger
from qtc_pipeline.sandbox.servers.netsuite_types import LINE_FIELDS, RecordType, plain, record_type, stored
from qtc_pipeline.sandbox.servers.netsuite_words import CONTENT, RefusedError
from qtc_pipeline.sandbox.servers.writing import Stored, Writer

TRANSFORMS = {
    ("salesOrder", "invoice"): 1,
    ("invoice", "creditMemo"): -1,
    ("invoice", "customerPayment"): -1,
    ("salesOrder", "creditMemo"): -1,
}
_POSTS = frozenset({"CustInvc", "CustCred", "CustPymt", "Journal"})
_LINES_PER_DOCUMENT = 1_000_000
_SIGN = {"CustInvc": 1, "SalesOrd": 1, "CustCred": -1, "CustPymt": 1}
_STATUS = {"SalesOrd": "Pending Billing", "CustInvc": "Open", "CustCred": "Fully Applied", "CustPymt": "Deposited"}
_PREFIX = {"SalesOrd": "SO", "CustInvc": "INV", "CustCred": "CM", "CustPymt": "PMT", "Journal": "JE"}
_LINK = {"CustInvc": "OrdBill", "CustCred": "Payment", "CustPymt": "Payment"}

Lines = list[dict[str, Any]]


class Documents:
    """The documents of one account, inside one transaction."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        tables = entities("netsuite")
        self._header = tables["transaction"]
        self.line_table = self._line = tables["transactionline"]
        self._link = tables["nexttransactionlinelink"]
        self.ledger = Ledger(writer)

    def new(self, kind: RecordType, values: Mapping[str, Any]) -> dict[str, Any]:
        """The header of a new document."""
        number = str(self._writer.new_number())
        code = str(kind.kind)
        day = str(values.get("trandate") or self._writer.now.date().isoformat())
        period = self.ledger.period_of(day) if code in _POSTS else None
        return {
            "id": number,
            "tranid": values.get("tranid") or self._next_of(code, values),
            "type": code,
            "status": _STATUS.get(code, "Approved for Posting"),
            "trandate": day,
            "postingperiod": period,
            "exchangerate": "1",
            "foreigntotal": "0",
            "foreigntaxtotal": "0",
            "posting": "T" if code in _POSTS else "F",
            "voided": "F",
            "createdby": INTEGRATION_USER,
            "custbody_disputed": "F",
            **values,
        }

    def _next_of(self, code: str, values: Mapping[str, Any]) -> str:
        """The next number of a company's series: consecutive, as auditors want it."""
        company = "ALL"
        for table, name in (("customer", "entity"), ("job", "custbody_job")):
            found = self._writer.get(entities("netsuite")[table], str(values.get(name)))
            company = found.legal_entity if found is not None and found.legal_entity else company
        series = f"{_PREFIX[code]}-{company}-API-"
        return f"{series}{self._writer.next_of(series):06d}"

    def lines(self, key: str) -> list[Stored]:
        """The lines of a document, its main line first."""
        return self._writer.where(self._line, '"transaction" = ?', key)

    def wanted_lines(self, row: Mapping[str, Any], body: Mapping[str, Any], *, replace: bool) -> Lines | None:
        """The item lines a document would have after a write, None where it does not speak of them.

        Raises:
            RefusedError: a line has a wrong value, or one is named that is not there.
        """
        given = body.get("item")
        if not isinstance(given, dict) or not isinstance(given.get("items"), list):
            return None
        sign = -_SIGN.get(str(row["type"]), 1)
        kept = [] if replace else [one.payload for one in self.lines(str(row["id"])) if _is_item(one.payload)]
        by_number = {str(one["linesequencenumber"]): dict(one) for one in kept}
        for place, line in enumerate(given["items"]):
            values = {
                column: stored(self._line, column, line[name], f"item.items[{place}].{name}")
                for name, column in LINE_FIELDS.items()
                if name in line
            }
            number = str(line["line"]) if "line" in line else str(max(map(int, by_number), default=0) + 1)
            if "line" in line and number not in by_number and not replace:
                raise RefusedError(400, CONTENT, f"There is no line {number}.", f"item.items[{place}].line")
            old = by_number.get(number, {"linesequencenumber": number, "quantity": "1"})
            amount = values.pop("foreignamount", None)
            if amount is None and values.get("rate") is not None:
                amount = plain(
                    Decimal(str(values.get("quantity", old.get("quantity") or 1))) * Decimal(str(values["rate"]))
                )
            if amount is not None:
                values["foreignamount"] = plain(sign * Decimal(amount))
            if {**old, **values}.get("foreignamount") is None:
                raise RefusedError(400, CONTENT, "Please enter a value for amount.", f"item.items[{place}].amount")
            by_number[number] = {**old, **values}
        return list(by_number.values())

    def save_lines(self, row: dict[str, Any], items: Sequence[Mapping[str, Any]], company: str | None) -> None:
        """Write the lines of a document, its total, and what it posts; lines that are not named go."""
        key, sign = str(row["id"]), _SIGN.get(str(row["type"]), 1)
        before = {one.key: one for one in self.lines(key)}
        taxes: list[Mapping[str, Any]]
        taxes = [one.payload for one in before.values() if one.payload["taxline"] == "T"]
        taxes += [one for one in items if one.get("taxline") == "T"]
        items = [one for one in items if one.get("taxline") != "T"]
        if not before and not taxes and row["type"] == "CustInvc":
            taxes = [*self._taxed(row, items)]
        net = -sum((Decimal(str(one["foreignamount"])) for one in items), Decimal(0))
        tax = -sum((Decimal(str(one["foreignamount"])) for one in taxes), Decimal(0))
        total = net + tax
        row |= {"foreigntotal": plain(total), "foreigntaxtotal": plain(tax)}
        main = {"linesequencenumber": "0", "foreignamount": plain(total), "mainline": "T"}
        wanted = [main, *items, *taxes]
        kept = set()
        for line in wanted:
            kept.add(self._save_line(row, line, company))
        for gone in set(before) - kept:
            self._writer.delete(self._line, gone)
        self.ledger.post(row, wanted, company)
        if sign * total < 0:
            raise RefusedError(400, CONTENT, "The total of the transaction cannot be negative.", "total")

    def _taxed(self, row: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """The tax of a new invoice, by its customer's rate."""
        customer = self._writer.get(entities("netsuite")["customer"], str(row["entity"]))
        rate = Decimal(str((customer.payload.get("custentity_tax_rate") if customer else None) or 0))
        net = sum((Decimal(str(one["foreignamount"])) for one in items), Decimal(0))
        tax = (net * rate / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if not tax:
            return []
        number = str(max((int(str(one["linesequencenumber"])) for one in items), default=0) + 1)
        amount = plain(tax)
        return [{"linesequencenumber": number, "foreignamount": amount, "taxline": "T", "memo": "Sales tax"}]

    def _save_line(self, row: Mapping[str, Any], line: Mapping[str, Any], company: str | None) -> str:
        key = str(int(str(row["id"])) * _LINES_PER_DOCUMENT + int(str(line["linesequencenumber"])))
        shared = {"uniquekey": key, "transaction": str(row["id"]), "mainline": "F", "taxline": "F"}
        values = {**shared, **{name: line[name] for name in line if name in self._line.fields}, "uniquekey": key}
        values["transaction"] = str(row["id"])
        values.pop("linelastmodifieddate", None)
        if self._writer.get(self._line, key) is None:
            self._writer.insert(self._line, values, legal_entity=company)
        else:
            self._writer.update(self._line, key, values)
        return key

    def transform(
        self, source: Stored, kinds: tuple[RecordType, RecordType], values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The header of the document that follows from another; its lines are :meth:`copied_lines`."""
        before, after = kinds
        if (before.name, after.name) not in TRANSFORMS:
            detail = f"The transformation of {before.name} to {after.name} is not supported."
            raise RefusedError(400, "INVALID_REQUEST", detail)
        if source.payload["voided"] == "T":
            raise RefusedError(400, "INVALID_REQUEST", "The record is voided and cannot be transformed.")
        names = ("entity", "currency", "exchangerate", "terms", "otherrefnum", "custbody_job", "custbody_qtc_id")
        shared = {name: source.payload.get(name) for name in names}
        return self.new(after, {**shared, "createdfrom": source.key, **values})

    def copied_lines(self, source: Stored, kinds: tuple[RecordType, RecordType], body: Mapping[str, Any]) -> Lines:
        """The lines of another document with the sign of the new one; of a payment, what it pays."""
        if kinds[1].kind == "CustPymt":
            paid = stored(self._header, "foreigntotal", body.get("payment", source.payload["foreigntotal"]), "payment")
            amount = plain(-Decimal(str(paid)))
            return [{"linesequencenumber": "1", "foreignamount": amount, "memo": "Receivable"}]
        direction = TRANSFORMS[kinds[0].name, kinds[1].name]
        copied = []
        for one in self.lines(source.key):
            if one.payload["mainline"] == "F":
                turned = {
                    name: plain(direction * Decimal(str(one.payload[name])))
                    for name in ("foreignamount", "custcol_minutes")
                    if one.payload[name] is not None
                }
                copied.append({**one.payload, **turned})
        return copied

    def link(self, source: str, row: Mapping[str, Any], company: str | None) -> None:
        """Note which document a new one follows from."""
        total = plain(abs(Decimal(str(row["foreigntotal"]))))
        values = {
            "previousdoc": source,
            "previousline": "0",
            "nextdoc": str(row["id"]),
            "nextline": "0",
            "linktype": _LINK.get(str(row["type"]), "Link"),
            "foreignamount": total,
        }
        self._writer.insert(self._link, values, legal_entity=company)
        if values["linktype"] == "Payment":
            self._settle(source)

    def _settle(self, invoice: str) -> None:
        """An invoice is paid once what is applied to it reaches its total."""
        links = self._writer.where(self._link, '"previousdoc" = ? AND "linktype" = \'Payment\'', invoice)
        applied = sum((Decimal(str(one.payload["foreignamount"])) for one in links), Decimal(0))
        found = self._writer.get(self._header, invoice)
        if found is not None and applied >= Decimal(str(found.payload["foreigntotal"])):
            self._writer.update(self._header, invoice, {"status": "Paid In Full"})

    def void(self, found: Stored) -> str | None:
        """Void a document by a journal of today that reverses what it posted; gives the journal's id.

        Raises:
            RefusedError: it is void already, or today's period is closed.
        """
        row = found.payload
        if row["voided"] == "T":
            raise RefusedError(400, "INVALID_REQUEST", "The transaction is voided already.")
        journal_type = record_type("journalEntry")
        if journal_type is None:
            raise TypeError("journalEntry")
        journal = None
        if row["posting"] == "T":
            shared = {name: row.get(name) for name in ("entity", "currency", "exchangerate", "custbody_job")}
            journal = self.new(journal_type, {**shared, "reversal": found.key, "tranid": f"VOID-{found.key}"})
            self.ledger.check_open(journal, None)
            self._writer.insert(self._header, journal, legal_entity=found.legal_entity)
            self._reverse(found, journal)
        self._writer.update(self._header, found.key, {"voided": "T", "status": "Voided"})
        return None if journal is None else str(journal["id"])

    def _reverse(self, found: Stored, journal: Mapping[str, Any]) -> None:
        amounts = {str(one.payload["linesequencenumber"]): one.payload for one in self.lines(found.key)}
        for place, one in enumerate(self.ledger.of(found.key), 1):
            line = amounts.get(str(one.payload["transactionline"]), {})
            values = {
                "linesequencenumber": str(place),
                "foreignamount": plain(-Decimal(str(line.get("foreignamount") or 0))),
                "memo": f"Void of {found.payload['tranid']}",
                "subsidiary": line.get("subsidiary"),
            }
            self._save_line(journal, values, found.legal_entity)
            self.ledger.turned(str(journal["id"]), place, one, found.legal_entity)

    def delete(self, found: Stored) -> None:
        """Take a document away with everything that hangs on it."""
        self.ledger.check_open(found.payload, None)
        posting = entities("netsuite")["transactionaccountingline"]
        for entity, column in ((self._line, "transaction"), (posting, "transaction"), (self._link, "nextdoc")):
            for one in self._writer.where(entity, f'"{column}" = ?', found.key):
                self._writer.delete(entity, one.key)
        self._writer.delete(self._header, found.key)


def _is_item(line: Mapping[str, Any]) -> bool:
    return (line["mainline"], line["taxline"]) == ("F", "F")
