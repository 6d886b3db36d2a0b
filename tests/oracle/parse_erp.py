"""The ERP's payloads to records: customers, jobs, time bills, charges, schedules, ledger, revenue, rates.

Add here: a field of a NetSuite payload. Stays out: every rule; transactions are read in ``parse_documents``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracle.context import Context
from tests.oracle.parse import Payloads, Sales, contract_behind, rows
from tests.oracle.parse_documents import Names, Transaction, read_document, read_order, read_payments
from tests.oracle.records import Project
from tests.oracle.records_erp import (
    Application,
    Charge,
    Customer,
    Document,
    Order,
    Payment,
    Posting,
    Recognition,
    Schedule,
    Transfer,
)
from tests.oracle.scalars import day_of, decimal_of, flag_of, instant_of, minutes_of, needed, text_of

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
    customers: Mapping[str, Customer]
    charges: Sequence[Charge]
    cost_centres: frozenset[str]


def read_books(payloads: Payloads, context: Context, sales: Sales) -> Books:
    """Everything of the ERP."""

    def of(entity: str) -> Sequence[Row]:
        return rows(payloads, "netsuite", entity)

    months = [row for row in of("accountingperiod") if not flag_of(row["isyear"]) and not flag_of(row["isquarter"])]
    names = Names(
        symbols={str(row["id"]): str(row["symbol"]) for row in of("currency")},
        periods={str(row["id"]): str(row["startdate"])[:7] for row in months},
        codes={str(row["id"]): str(row["itemid"]) for row in of("item")},
        terms={str(row["id"]): str(row["name"]) for row in of("term")},
    )
    found = _transactions(of("transaction"), of("transactionline"), context)
    kinds = {key: str(transaction.head["type"]) for key, transaction in found.items()}
    elements = {str(row["id"]): row for row in of("revenueelement")}
    return Books(
        jobs={str(row["id"]): _job(row, context, sales, names) for row in of("job")},
        active_codes=frozenset(str(row["itemid"]) for row in of("item") if not flag_of(row["isinactive"])),
        transfers=[_transfer(row, names) for row in of("timebill") if row["isbillable"] != "F"],
        schedules=[_schedule(row, names) for row in of("billingscheduleline")],
        orders=[read_order(found[key], names) for key, kind in kinds.items() if kind == "SalesOrd"],
        documents={
            key: read_document(found[key], names) for key, kind in kinds.items() if kind in {"CustInvc", "CustCred"}
        },
        payments={payment.id: payment for payment in read_payments(found, names)},
        applications=[_application(row) for row in of("nexttransactionlinelink")],
        postings=_postings(of("transactionaccountingline"), of("account"), found, names),
        recognitions=[_recognition(row, elements, names) for row in of("plannedrevenue")],
        average_rates={
            (names.symbols[str(row["fromcurrency"])], names.periods[str(row["postingperiod"])]): Decimal(
                str(row["averagerate"])
            )
            for row in of("consolidatedexchangerate")
            if names.symbols[str(row["tocurrency"])] == context.reporting_currency
            and str(row["postingperiod"]) in names.periods
        },
        period_ends={str(row["startdate"])[:7]: day_of(row["enddate"]) for row in months},
        closed_periods=frozenset(str(row["startdate"])[:7] for row in months if flag_of(row["closed"])),
        customers={str(row["id"]): _customer(row, context, names) for row in of("customer")},
        charges=[_charge(row, names) for row in of("charge")],
        cost_centres=frozenset(str(row["name"]) for row in of("department") if not flag_of(row["isinactive"])),
    )


def _transactions(heads: Sequence[Row], lines: Sequence[Row], context: Context) -> dict[str, Transaction]:
    by_head: dict[str, list[Row]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: int(line["linesequencenumber"])):
        by_head[str(line["transaction"])].append(line)
    found = {}
    for head in heads:
        key = str(head["id"])
        entities = [context.company_of("netsuite", text_of(line["subsidiary"])) for line in by_head[key]]
        found[key] = Transaction(head, by_head[key], next(iter(entities), "unassigned"))
    return found


def _customer(row: Row, context: Context, names: Names) -> Customer:
    rate = decimal_of(row.get("custentity_tax_rate"))
    return Customer(
        id=str(row["id"]),
        account=text_of(row["custentity_sf_account"]),
        name=text_of(row["companyname"]),
        currency=names.symbols.get(str(row["currency"])),
        terms=names.terms.get(str(row["terms"])),
        tax_number=text_of(row.get("vatregnumber")),
        tax_rate=None if rate is None else rate / 100,
        company=context.company_of("netsuite", text_of(row["subsidiary"])),
        active=not flag_of(row["isinactive"]),
        changed=instant_of(row["lastmodifieddate"]),
    )


def _charge(row: Row, names: Names) -> Charge:
    key = str(row["id"])
    return Charge(
        id=key,
        kind=str(row["chargetype"]),
        expense=text_of(row["externalid"]),
        project=str(row["job"]),
        day=needed(day_of(row["chargedate"]), "chargedate", key),
        amount=decimal_of(row["amount"]) or ZERO,
        currency=names.symbols.get(str(row["currency"]), ""),
        held=row["stage"] == "HOLD",
        written_off=flag_of(row["custcol_written_off"]),
        written_off_on=day_of(row["custcol_written_off_date"]),
        changed=instant_of(row["lastmodifieddate"]),
    )


def _application(row: Row) -> Application:
    amount = decimal_of(row["foreignamount"]) or ZERO
    return Application(str(row["previousdoc"]), str(row["nextdoc"]), amount, instant_of(row["lastmodifieddate"]))


def _job(row: Row, context: Context, sales: Sales, names: Names) -> Project:
    contract = contract_behind(sales, text_of(row["custentity_sf_opportunity"]))
    return Project(
        id=str(row["id"]),
        side="erp",
        contract=contract,
        link="root" if text_of(row["custentity_sf_opportunity"]) else None,
        cancelled=str(row["entitystatus"]) == "cancelled",
        internal=False,
        price=decimal_of(row["jobprice"]),
        currency=names.symbols.get(str(row["currency"]), "unassigned"),
        company=context.company_of("netsuite", text_of(row["subsidiary"])),
        twin=text_of(row["custentity_psa_workspace"]),
        changed=instant_of(row["lastmodifieddate"]),
        status=str(row["entitystatus"]),
        start=None,
        created=instant_of(row["datecreated"]),
        billing_type=text_of(row.get("jobbillingtype")),
    )


def _transfer(row: Row, names: Names) -> Transfer:
    return Transfer(
        id=str(row["id"]),
        entry=text_of(row["externalid"]),
        project=str(row["customer"]),
        role=names.codes.get(str(row["item"])),
        day=needed(day_of(row["trandate"]), "trandate", str(row["id"])),
        minutes=minutes_of(row["hours"]),
        held=flag_of(row["custcol_billing_hold"]),
        written_off=flag_of(row["custcol_written_off"]),
        written_off_on=day_of(row["custcol_written_off_date"]),
        changed=instant_of(row["lastmodifieddate"]),
    )


def _schedule(row: Row, names: Names) -> Schedule:
    day = needed(day_of(row["scheduleddate"]), "scheduleddate", str(row["id"]))
    amount = decimal_of(row["amount"]) or ZERO
    currency = names.symbols.get(str(row["currency"]), "")
    return Schedule(str(row["id"]), str(row["job"]), day, amount, currency, flag_of(row["billed"]))


def _postings(
    ledger: Sequence[Row], accounts: Sequence[Row], found: Mapping[str, Transaction], names: Names
) -> list[Posting]:
    """Ledger lines; what a document posts belongs to its job, a journal's line to the job it names."""
    kinds = {str(row["id"]): str(row["accttype"]) for row in accounts}
    jobs = {
        (key, str(line["linesequencenumber"])): text_of(line.get("custcol_job"))
        for key, transaction in found.items()
        for line in transaction.lines
    }
    postings = []
    for row in ledger:
        key, line = str(row["transaction"]), str(row["transactionline"])
        if flag_of(row["posting"]) and key in found:
            head = found[key].head
            postings.append(
                Posting(
                    id=f"{key}:{line}:{row['accountingbook']}",
                    document=key,
                    kind=str(head["type"]),
                    account_type=kinds[str(row["account"])],
                    company=found[key].company,
                    period=names.periods.get(str(head["postingperiod"]), ""),
                    amount=decimal_of(row["amount"]) or ZERO,
                    project=text_of(head["custbody_job"]) or jobs.get((key, line)),
                )
            )
    return postings


def _recognition(row: Row, elements: Mapping[str, Row], names: Names) -> Recognition:
    element = elements.get(str(row["revenueelement"]), {})
    return Recognition(
        id=str(row["id"]),
        project=text_of(element.get("job")),
        period=names.periods[str(row["postingperiod"])],
        amount=decimal_of(row["amount"]) or ZERO,
        functional=decimal_of(row["functionalamount"]) or ZERO,
        currency=names.symbols.get(str(row["currency"]), ""),
        booked=flag_of(row["isrecognized"]),
        journal=text_of(row["journal"]),
        changed=instant_of(row["lastmodifieddate"]),
    )
