"""The ERP's payloads to records: jobs, time bills, documents with their lines, payments, ledger, revenue, rates.

Add here: a field of a NetSuite payload. Stays out: every rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracle.context import Context, cents
from tests.oracle.parse import Payloads, Sales, contract_behind, rows
from tests.oracle.records import (
    Application,
    Document,
    Line,
    Order,
    Payment,
    Posting,
    Project,
    Recognition,
    Schedule,
    Transfer,
)
from tests.oracle.scalars import day_of, decimal_of, flag_of, instant_of, minutes_of, text_of

Row = Mapping[str, Any]
ZERO = Decimal(0)


@dataclass(frozen=True)
class Books:
    """What the ERP knows; ids are the ERP's own."""

    jobs: Mapping[str, Project]
    active_codes: frozenset[str]
    transfers: Sequence[Transfer]
    schedules: Sequence[Schedule]
    orders: Sequence[Order]
    documents: Mapping[str, Document]
    payments: Mapping[str, Payment]
    applications: Sequence[Application]
    postings: Sequence[Posting]
    recognitions: Sequence[Recognition]
    average_rates: Mapping[tuple[str, str], Decimal]
    period_ends: Mapping[str, Any]
    closed_periods: frozenset[str]


def read_books(payloads: Payloads, context: Context, sales: Sales) -> Books:
    """Everything of the ERP."""

    def of(entity: str) -> Sequence[Row]:
        return rows(payloads, "netsuite", entity)

    symbols = {str(row["id"]): str(row["symbol"]) for row in of("currency")}
    months = [row for row in of("accountingperiod") if not flag_of(row["isyear"]) and not flag_of(row["isquarter"])]
    periods = {str(row["id"]): str(row["startdate"])[:7] for row in months}
    codes = {str(row["id"]): str(row["itemid"]) for row in of("item")}
    jobs = {str(row["id"]): _job(row, context, sales, symbols) for row in of("job")}
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in of("transactionline"):
        lines[str(row["transaction"])].append(row)
    heads = {str(row["id"]): row for row in of("transaction")}
    company = {
        key: next((context.company_of("netsuite", text_of(line["subsidiary"])) for line in lines[key]), "unassigned")
        for key in heads
    }
    documents, payments, orders = {}, {}, []
    for key, row in heads.items():
        if row["type"] in {"CustInvc", "CustCred"}:
            documents[key] = _document(row, lines[key], company[key], (symbols, periods), codes)
        elif row["type"] == "CustPymt":
            payments[key] = _payment(row, company[key], symbols, periods)
        elif row["type"] == "SalesOrd":
            amounts = [-(decimal_of(line["foreignamount"]) or ZERO) for line in lines[key] if _is_item(line)]
            net = sum(amounts, ZERO) if amounts else None
            changed = max(
                [instant_of(row["lastmodifieddate"]), *(instant_of(x["linelastmodifieddate"]) for x in lines[key])]
            )
            orders.append(
                Order(
                    key,
                    text_of(row["custbody_job"]),
                    symbols[str(row["currency"])],
                    net,
                    flag_of(row["voided"]),
                    changed,
                )
            )
    elements = {str(row["id"]): row for row in of("revenueelement")}
    return Books(
        jobs=jobs,
        active_codes=frozenset(str(row["itemid"]) for row in of("item") if not flag_of(row["isinactive"])),
        transfers=[_transfer(row, codes) for row in of("timebill") if row["isbillable"] != "F"],
        schedules=[_schedule(row, symbols) for row in of("billingscheduleline")],
        orders=orders,
        documents=documents,
        payments=payments,
        applications=[
            Application(str(row["previousdoc"]), str(row["nextdoc"]), decimal_of(row["foreignamount"]) or ZERO)
            for row in of("nexttransactionlinelink")
        ],
        postings=_postings(of("transactionaccountingline"), of("account"), heads, company, periods),
        recognitions=[_recognition(row, elements, symbols, periods) for row in of("plannedrevenue")],
        average_rates={
            (symbols[str(row["fromcurrency"])], periods[str(row["postingperiod"])]): Decimal(str(row["averagerate"]))
            for row in of("consolidatedexchangerate")
            if symbols[str(row["tocurrency"])] == context.reporting_currency and str(row["postingperiod"]) in periods
        },
        period_ends={str(row["startdate"])[:7]: day_of(row["enddate"]) for row in months},
        closed_periods=frozenset(str(row["startdate"])[:7] for row in months if flag_of(row["closed"])),
    )


def _job(row: Row, context: Context, sales: Sales, symbols: Mapping[str, str]) -> Project:
    contract = contract_behind(sales, text_of(row["custentity_sf_opportunity"]))
    return Project(
        id=str(row["id"]),
        side="erp",
        contract=contract,
        link="root" if text_of(row["custentity_sf_opportunity"]) else None,
        cancelled=str(row["entitystatus"]) == "cancelled",
        internal=False,
        price=decimal_of(row["jobprice"]),
        currency=symbols.get(str(row["currency"]), "unassigned"),
        company=context.company_of("netsuite", text_of(row["subsidiary"])),
        twin=text_of(row["custentity_psa_workspace"]),
        changed=instant_of(row["lastmodifieddate"]),
        status=str(row["entitystatus"]),
        start=None,
        created=instant_of(row["datecreated"]),
    )


def _is_item(line: Row) -> bool:
    return not flag_of(line["mainline"]) and not flag_of(line["taxline"])


def _document(
    row: Row,
    lines: Sequence[Row],
    company: str,
    names: tuple[Mapping[str, str], Mapping[str, str]],
    codes: Mapping[str, str],
) -> Document:
    symbols, periods = names
    key, rate = str(row["id"]), decimal_of(row["exchangerate"]) or Decimal(1)
    items = tuple(
        Line(
            id=str(line["uniquekey"]),
            document=key,
            number=int(line["linesequencenumber"]),
            source_type=text_of(line["custcol_source_type"]),
            source=text_of(line["custcol_source_id"]),
            role=codes.get(str(line["item"])),
            minutes=int(line["custcol_minutes"] or 0),
            amount=-(decimal_of(line["foreignamount"]) or ZERO),
        )
        for line in sorted(lines, key=lambda line: int(line["linesequencenumber"]))
        if _is_item(line)
    )
    taxes = [-(decimal_of(line["foreignamount"]) or ZERO) for line in lines if flag_of(line["taxline"])]
    gross = decimal_of(row["foreigntotal"]) or ZERO
    parts = [*(item.amount for item in items), *taxes] or [gross]
    return Document(
        id=key,
        kind="invoice" if row["type"] == "CustInvc" else "credit_memo",
        number=str(row["tranid"]),
        customer=text_of(row["entity"]),
        project=text_of(row["custbody_job"]),
        company=company,
        currency=symbols[str(row["currency"])],
        rate=rate,
        day=_needed(day_of(row["trandate"]), "trandate", key),
        due=day_of(row["duedate"]),
        period=periods.get(str(row["postingperiod"])),
        posted=flag_of(row["posting"]),
        void=flag_of(row["voided"]),
        gross=gross,
        tax=decimal_of(row["foreigntaxtotal"]) or ZERO,
        credits=text_of(row["createdfrom"]),
        lines=items,
        tax_lines=sum(taxes, ZERO),
        header_functional=sum((cents(amount * rate) for amount in parts), ZERO),
        changed=max([instant_of(row["lastmodifieddate"]), *(instant_of(x["linelastmodifieddate"]) for x in lines)]),
    )


def _payment(row: Row, company: str, symbols: Mapping[str, str], periods: Mapping[str, str]) -> Payment:
    return Payment(
        id=str(row["id"]),
        customer=text_of(row["entity"]),
        company=company,
        currency=symbols[str(row["currency"])],
        rate=decimal_of(row["exchangerate"]) or Decimal(1),
        day=_needed(day_of(row["trandate"]), "trandate", str(row["id"])),
        period=periods.get(str(row["postingperiod"])),
        amount=decimal_of(row["foreigntotal"]) or ZERO,
        posted=flag_of(row["posting"]),
        void=flag_of(row["voided"]),
    )


def _transfer(row: Row, codes: Mapping[str, str]) -> Transfer:
    return Transfer(
        id=str(row["id"]),
        entry=text_of(row["externalid"]),
        project=str(row["customer"]),
        role=codes.get(str(row["item"])),
        day=_needed(day_of(row["trandate"]), "trandate", str(row["id"])),
        minutes=minutes_of(row["hours"]),
        held=flag_of(row["custcol_billing_hold"]),
        written_off=flag_of(row["custcol_written_off"]),
        written_off_on=day_of(row["custcol_written_off_date"]),
        changed=instant_of(row["lastmodifieddate"]),
    )


def _schedule(row: Row, symbols: Mapping[str, str]) -> Schedule:
    day = _needed(day_of(row["scheduleddate"]), "scheduleddate", str(row["id"]))
    amount = decimal_of(row["amount"]) or ZERO
    return Schedule(
        str(row["id"]), str(row["job"]), day, amount, symbols.get(str(row["currency"]), ""), flag_of(row["billed"])
    )


def _postings(
    ledger: Sequence[Row],
    accounts: Sequence[Row],
    heads: Mapping[str, Row],
    company: Mapping[str, str],
    periods: Mapping[str, str],
) -> list[Posting]:
    kinds = {str(row["id"]): str(row["accttype"]) for row in accounts}
    return [
        Posting(
            id=f"{row['transaction']}:{row['transactionline']}:{row['accountingbook']}",
            document=str(row["transaction"]),
            kind=str(heads[str(row["transaction"])]["type"]),
            account_type=kinds[str(row["account"])],
            company=company[str(row["transaction"])],
            period=periods.get(str(heads[str(row["transaction"])]["postingperiod"]), ""),
            amount=decimal_of(row["amount"]) or ZERO,
        )
        for row in ledger
        if flag_of(row["posting"]) and str(row["transaction"]) in heads
    ]


def _recognition(
    row: Row, elements: Mapping[str, Row], symbols: Mapping[str, str], periods: Mapping[str, str]
) -> Recognition:
    element = elements.get(str(row["revenueelement"]), {})
    return Recognition(
        id=str(row["id"]),
        project=text_of(element.get("job")),
        period=periods[str(row["postingperiod"])],
        amount=decimal_of(row["amount"]) or ZERO,
        functional=decimal_of(row["functionalamount"]) or ZERO,
        currency=symbols.get(str(row["currency"]), ""),
        booked=flag_of(row["isrecognized"]),
        journal=text_of(row["journal"]),
    )


def _needed(value: Any, name: str, key: str) -> Any:
    if value is None:
        message = f"record {key} has no {name}"
        raise ValueError(message)
    return value
