"""Histories of small firms at random: contracts signed, changed, closed; work done, billed, credited, paid, given up.

Nothing in them is right or wrong: they are what may stand in the vendors' systems. Add here: another thing that may
happen. Stays out: what must hold of every history (the property tests).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.oracle.by_hand import CURRENCIES
from tests.oracle.by_hand_kpis import BusyFirm
from tests.oracle.context import cents

FIRST, LAST = date(2026, 1, 5), date(2026, 6, 30)
RATES = {("US", "USD"): "1", ("US", "EUR"): "1.100000", ("DE", "EUR"): "1", ("DE", "USD"): "0.909091"}
GROUPS, SUBSIDIARIES = {"US": "g1", "DE": "g2"}, {"US": "1", "DE": "2"}
TAX = Decimal("0.19")
RULES = {
    "time_and_materials": "right_to_invoice",
    "fixed_fee": "percentage_of_completion",
    "milestone": "milestone",
    "retainer": "straight_line",
}
BILLING = ("time_and_materials", *RULES)
Bill = tuple[str | None, str | None, int | None, Decimal]

days: SearchStrategy[date] = st.integers(0, (LAST - FIRST).days).map(lambda n: FIRST + timedelta(n))
amounts: SearchStrategy[Decimal] = st.integers(1, 900_000).map(lambda n: Decimal(n) / 100)
rarely = st.sampled_from((False,) * 6 + (True,))
mostly = st.sampled_from((True,) * 6 + (False,))


@dataclass(frozen=True)
class Deal:
    """A contract under construction."""

    key: str
    currency: str
    company: str

    @property
    def money(self) -> dict[str, Any]:
        """Currency of its documents and their rate to the functional one."""
        return {"currency": CURRENCIES[self.currency], "exchangerate": RATES[self.company, self.currency]}


@st.composite
def histories(draw: DrawFn, least: int = 1, most: int = 3) -> BusyFirm:
    """A firm's payloads, with so many contracts."""
    firm = BusyFirm()
    for number in range(1, 3):
        firm.person(f"u{number}", draw(st.sampled_from((2400, 2250, 1200))), f"2026-0{number}-02T08:00:00Z")
        firm.cost_rate(draw(st.integers(1000, 9000)), f"u{number}")
        home = draw(st.sampled_from(("US", "DE")))
        firm.payloads["kantata"]["users"][-1] |= {"workspace_group_id": GROUPS[home], "country": home}
        for off in draw(st.lists(days, max_size=3, unique=True)):
            firm.away(off.isoformat(), draw(st.sampled_from((60, 240, 480, 600))), f"u{number}")
    for off in draw(st.lists(days, max_size=3, unique=True)):
        firm.holiday(off.isoformat())
    for number in range(draw(st.integers(least, most))):
        _engagement(draw, firm, f"c{number}")
    return firm


def _engagement(draw: DrawFn, firm: BusyFirm, key: str) -> None:
    value, billing = draw(st.integers(100, 90_000)), draw(st.sampled_from(BILLING))
    currency, company = draw(st.sampled_from(("USD", "USD", "EUR"))), draw(st.sampled_from(("US", "US", "DE")))
    deal, erp = Deal(key, currency, company), firm.payloads["netsuite"]
    first = {entity: len(erp[entity]) for entity in ("job", "transactionline")}
    signed, closed = draw(days), draw(days) if draw(rarely) else None
    firm.contract(
        key,
        value,
        CustomerSignedDate=signed.isoformat(),
        CurrencyIsoCode=currency,
        Legal_Entity__c=company,
        Billing_Type__c=billing,
        Recognition_Rule__c=RULES[billing],
        Status=draw(st.sampled_from(("Activated", "Activated", "Activated", "On Hold", "Expired"))),
        Cap_Amount__c=draw(st.sampled_from((None, 100, 2000, value))),
        Closed_Date__c=None if closed is None else closed.isoformat(),
        Debooked_Amount__c=None if closed is None else draw(st.integers(1, value)),
        Planned_Cost__c=draw(st.sampled_from((None, 50, 4000))),
        Expense_Markup_Percent__c=draw(st.sampled_from((None, 5, 12.5))),
        Discount_Percent__c=draw(st.sampled_from((None, None, 10))),
    )
    place = firm.payloads["salesforce"]["Opportunity"][-1]
    place["Region__c"] = draw(st.sampled_from(("North", "South", None)))
    place["Practice__c"] = draw(st.sampled_from(("Data", "Design", None)))
    for number in range(draw(st.integers(0, 2))):
        firm.amendment(
            f"{key}-a{number}", key, draw(st.integers(-90, 5000)), draw(st.sampled_from(("Approved", "Submitted")))
        )
        decided = max(signed, draw(days)).isoformat()
        firm.payloads["salesforce"]["Contract_Amendment__c"][-1] |= {
            "CurrencyIsoCode": currency,
            "Effective_Date__c": decided,
        }
    firm.project(key, price=value, order=None, currency=currency, workspace_group_ids=[GROUPS[company]])
    erp["job"][-1]["currency"] = CURRENCIES[currency]
    rate = draw(st.one_of(st.integers(1, 300), amounts.map(lambda amount: amount % 300)))
    firm.rate(key, str(rate))
    if draw(rarely):
        firm.rate(key, str(rate + 10))
        firm.payloads["salesforce"]["Contract_Rate__c"][-1]["Country__c"] = "DE"
    if draw(st.booleans()):
        firm.demand(key, draw(st.integers(60, 90_000)))
    for number in range(draw(st.integers(0, 2))):
        firm.estimate(key, number + 1, draw(days).isoformat(), draw(st.integers(0, 9000)), draw(st.integers(0, 5000)))
    delivered = [*_time(draw, firm, deal, Decimal(rate)), *_costs(draw, firm, deal), *_fees(draw, firm, deal)]
    _documents(draw, firm, deal, (Decimal(rate), delivered))
    for number in range(draw(st.integers(0, 3))):
        _revenue(draw, firm, f"{key}-r{number}", deal)
    for entity, start in first.items():
        for row in erp[entity][start:]:
            row["subsidiary"] = SUBSIDIARIES[company]


def _time(draw: DrawFn, firm: BusyFirm, deal: Deal, rate: Decimal) -> list[Bill]:
    key = deal.key
    found: list[Bill] = []
    for number in range(draw(st.integers(0, 7))):
        entry, minutes, day = f"{key}-t{number}", draw(st.integers(1, 700)), draw(days).isoformat()
        firm.time(
            entry,
            key,
            minutes,
            day,
            user_id=draw(st.sampled_from(("u1", "u2"))),
            billable=draw(mostly),
            approved=draw(mostly),
            utilization_credit=draw(rarely),
            rate_in_cents=int(rate * 100) if draw(mostly) else None,
            currency=deal.currency,
        )
        if draw(mostly):
            given_up = draw(rarely)
            firm.timebill(
                entry,
                key,
                minutes,
                day,
                custcol_billing_hold="T" if draw(rarely) else "F",
                custcol_written_off="T" if given_up else "F",
                custcol_written_off_date="2026-06-15" if given_up else None,
            )
        found.append(("time", entry, minutes, Decimal(0)))
    return found


def _costs(draw: DrawFn, firm: BusyFirm, deal: Deal) -> list[Bill]:
    key = deal.key
    found: list[Bill] = []
    for number in range(draw(st.integers(0, 2))):
        amount, name = draw(amounts), f"{key}-e{number}"
        category = draw(st.sampled_from(("Travel", "Subcontractor")))
        firm.expense(
            name, key, int(amount * 100), category, date=draw(days).isoformat(), approved=draw(mostly),
            billable=draw(mostly), currency=deal.currency if draw(mostly) else "USD",
        )  # fmt: skip
        found.append(("expense", name, None, amount))
    return found


def _fees(draw: DrawFn, firm: BusyFirm, deal: Deal) -> list[Bill]:
    key = deal.key
    found: list[Bill] = []
    for number in range(draw(st.integers(0, 3))):
        amount, due, name = draw(amounts), draw(days), f"{key}-f{number}"
        if draw(st.booleans()):
            firm.milestone(name, key, amount, draw(st.sampled_from(("accepted", "planned"))), due.isoformat())
            firm.payloads["kantata"]["billing_milestones"][-1]["currency"] = deal.currency
            found.append(("milestone", name, None, amount))
        else:
            ahead = due + timedelta(draw(st.sampled_from((0, 120))))
            firm.schedule(name, key, ahead.isoformat(), amount, draw(st.sampled_from(("T", "F"))))
            firm.payloads["netsuite"]["billingscheduleline"][-1]["currency"] = CURRENCIES[deal.currency]
            found.append(("fixed_fee", name, None, amount))
    return found


def _documents(draw: DrawFn, firm: BusyFirm, deal: Deal, work: tuple[Decimal, list[Bill]]) -> None:
    """Invoices over some of what was delivered, in part or too much of it, and what became of them."""
    rate, delivered = work
    for number in range(draw(st.integers(0, 3)) if delivered else 0):
        picked = draw(st.lists(st.sampled_from(delivered), min_size=1, max_size=4, unique=True))
        lines = [_line(draw, bill, rate) for bill in picked]
        name, day = f"{deal.key}-i{number}", draw(days)
        given: dict[str, Any] = deal.money | {
            "trandate": day.isoformat(),
            "duedate": (day + timedelta(draw(st.sampled_from((0, 30, 60))))).isoformat(),
            "postingperiod": f"p{day.month}",
            "posting": "T" if draw(mostly) else "F",
            "voided": "T" if draw(rarely) else "F",
            "createdby": draw(st.sampled_from(("qtc-billing", "qtc-billing", "7", None))),
        }
        if draw(rarely):
            given |= {"custbody_disputed": "T", "custbody_dispute_opened": day.isoformat()}
        net = sum((line[3] for line in lines), Decimal(0))
        tax = cents(net * TAX) if draw(st.booleans()) else Decimal(0)
        firm.document(name, deal.key, lines, tax=tax, **given)
        if given["posting"] == "T" and given["voided"] == "F":
            _afterwards(draw, firm, (deal, name), (lines, net + tax, day))


def _line(draw: DrawFn, bill: Bill, rate: Decimal) -> Bill:
    kind, source, minutes, amount = bill
    if minutes is None:
        return kind, source, None, amount + draw(st.sampled_from((0, 0, 0, 5)))
    billed = draw(st.sampled_from((minutes, minutes, max(minutes - 15, 1), minutes + 30)))
    value = cents(billed * rate / 60)
    return kind, source, billed, value + Decimal(draw(st.sampled_from(("0", "0", "0.01", "-7.50"))))


def _afterwards(draw: DrawFn, firm: BusyFirm, of: tuple[Deal, str], what: tuple[list[Bill], Decimal, date]) -> None:
    (deal, invoice), (lines, gross, day) = of, what
    later = min(day + timedelta(draw(st.integers(0, 60))), LAST)
    head = deal.money | {"trandate": later.isoformat(), "postingperiod": f"p{later.month}"}
    fate = draw(st.sampled_from(("open", "paid", "paid", "part", "credited", "bad", "returned")))
    if fate in {"credited", "bad"}:
        back: list[Bill] = [(kind, source, None if n is None else -n, -amount) for kind, source, n, amount in lines]
        if fate == "bad":
            back = [("write_off", None, None, -gross)]
        reason = "bad_debt" if fate == "bad" else draw(st.sampled_from(("rebill", "goodwill")))
        memo = f"{invoice}-cm"
        firm.document(memo, deal.key, back, kind="CustCred", createdfrom=invoice, custbody_credit_reason=reason, **head)
        firm.applied(invoice, memo, -sum((line[3] for line in back), Decimal(0)), f"{later.isoformat()} 09:00:00")
    elif fate != "open":
        amount = gross if fate == "paid" else cents(gross / 2)
        payment = f"{invoice}-p"
        firm.payment(payment, amount, invoice if fate != "returned" else None, **head)
        if fate == "returned":
            firm.payloads["netsuite"]["transaction"][-1]["voided"] = "T"
            firm.document(f"{payment}-back", deal.key, [], kind="Journal", reversal=payment, foreigntotal="0", **head)


def _revenue(draw: DrawFn, firm: BusyFirm, name: str, deal: Deal) -> None:
    amount = draw(amounts) * draw(st.sampled_from((1, 1, 1, -1)))
    firm.revenue(name, deal.key, amount, f"p{draw(st.integers(1, 6))}")
    planned = firm.payloads["netsuite"]["plannedrevenue"][-1]
    functional = cents(amount * Decimal(RATES[deal.company, deal.currency]))
    planned |= {"currency": CURRENCIES[deal.currency], "functionalamount": str(functional)}
    planned["isrecognized"] = "T" if draw(mostly) else "F"
