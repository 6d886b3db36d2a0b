"""The vocabulary of the sandbox firm: legal entities, roles, names, and the ids vendors would give.

Here: constants and id formats. Add a role, a practice or an entity here.
Stays out: quantities and dates (`plan.py`).
"""

from __future__ import annotations

from qtc_pipeline.sandbox.model import LegalEntity

LEGAL_ENTITIES = (
    LegalEntity("US", 1, "Northwind Consulting Inc.", "USD", "US", ("US East", "US West"), (0, 0, 725)),
    LegalEntity("DE", 2, "Northwind Consulting GmbH", "EUR", "DE", ("DACH",), (1900,)),
    LegalEntity("UK", 3, "Northwind Consulting Ltd.", "GBP", "GB", ("UK & Ireland",), (2000,)),
)
SHARE = {"US": 50, "DE": 30, "UK": 20}
ROLES = ("CONSULTANT", "SENIOR_CONSULTANT", "DEVELOPER", "ARCHITECT", "PRINCIPAL")
UNKNOWN_ROLE = "ADVISOR"  # staffed in the PSA, never set up as an item in the ERP
RETIRED_ROLE = "ANALYST"  # set up as an item and since inactive
UNPRICED_ROLE = "TRAINER"  # set up everywhere, and on no rate card
ALL_ROLES = (*ROLES, UNKNOWN_ROLE, RETIRED_ROLE)
BASE_RATE = {
    "CONSULTANT": 14000,
    "SENIOR_CONSULTANT": 17500,
    "DEVELOPER": 15500,
    "ARCHITECT": 21000,
    "PRINCIPAL": 26000,
    "ADVISOR": 24000,
    "ANALYST": 12000,
}
BASE_COST = {"CONSULTANT": 6200, "SENIOR_CONSULTANT": 8100, "DEVELOPER": 6900, "ARCHITECT": 9800, "PRINCIPAL": 12800}
CURRENCY_FACTOR = {"USD": 100, "EUR": 92, "GBP": 79}
BILLING_TYPES = (
    "time_and_materials",
    "fixed_fee",
    "time_and_materials",
    "milestone",
    "time_and_materials",
    "retainer",
    "time_and_materials",
    "subscription",
)
RULES = {
    "time_and_materials": "right_to_invoice",
    "fixed_fee": "percentage_of_completion",
    "milestone": "milestone",
    "retainer": "straight_line",
    "subscription": "straight_line",
}
PRACTICES = ("Strategy", "Data", "Cloud", "Applications")
SERVICE_ITEMS = {
    "fixed_fee": "FIXED_FEE",
    "milestone": "MILESTONE",
    "retainer": "RETAINER",
    "subscription": "SUBSCRIPTION",
}
CATEGORIES = ("Travel", "Lodging", "Meals", "Software")  # of expenses; an item each, in capitals
SUBCONTRACTOR = "Subcontractor"  # the category of work bought in
VENDORS = ("Blue Fjord Freelance", "Harbour & Co", "Ostrava Devs", "Pineapple Staffing")
ITEMS = (
    *ROLES, "FIXED_FEE", "MILESTONE", "RETAINER", "SUBSCRIPTION", "EXPENSE", "SERVICES", RETIRED_ROLE,
    *(name.upper() for name in (*CATEGORIES, SUBCONTRACTOR)), "WRITE_OFF",
    UNPRICED_ROLE,
)  # fmt: skip
ITEM_ID = {name: str(100 + index) for index, name in enumerate(ITEMS)}
ACCOUNTS = (
    ("bank", "10", "1000", "Bank", "Cash"),
    ("receivable", "11", "1100", "AcctRec", "Accounts receivable"),
    ("tax", "12", "2200", "OthCurrLiab", "Sales tax payable"),
    ("position", "13", "2400", "DeferRevenue", "Contract position"),
    ("revenue", "14", "4000", "Income", "Consulting revenue"),
    ("expense", "15", "6000", "Expense", "Other expense"),
    ("fx", "16", "7100", "OthIncome", "Realised exchange differences"),
)
GL = {key: number for key, number, _, _, _ in ACCOUNTS}
CLOSED_CENTRE = "US-LEGACY"
INTEGRATION_USER = "qtc-billing"
CLERK = "4711"  # who bills by hand
CASHIER = "4712"
ACCOUNTANT = "4713"
TERMS = (("1", "Net 30", 30), ("2", "Net 45", 45))
_FIRST = (
    "Ada",
    "Ben",
    "Carla",
    "Dan",
    "Eva",
    "Finn",
    "Gita",
    "Hugo",
    "Ines",
    "Jon",
    "Kim",
    "Lena",
    "Max",
    "Nora",
    "Omar",
    "Pia",
)
_LAST = (
    "Adler",
    "Brandt",
    "Cole",
    "Dietz",
    "Evans",
    "Frost",
    "Gray",
    "Hansen",
    "Iqbal",
    "Jones",
    "Keller",
    "Lang",
    "Meyer",
)
_STEM = (
    "Nordlys",
    "Aurora",
    "Summit",
    "Harbor",
    "Granite",
    "Lumen",
    "Cobalt",
    "Juniper",
    "Atlas",
    "Vertex",
    "Solis",
    "Orchid",
)
_KIND = ("Energy", "Logistics", "Health", "Retail", "Bank", "Insurance", "Mobility", "Foods", "Media", "Robotics")
_SUFFIX = {"US": "Inc", "DE": "AG", "UK": "plc"}
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
INTERNAL_GROUP = "9"


def cost_centre(entity: str, practice: str) -> str:
    """Return the code of the cost centre of a practice in a legal entity."""
    return f"{entity}-{practice.upper()}"


def person(number: int) -> str:
    """Return the name of a consultant."""
    return f"{_FIRST[number % len(_FIRST)]} {_LAST[number // len(_FIRST) % len(_LAST)]} {number}"


def company(entity: str, number: int) -> str:
    """Return the name of a customer."""
    return f"{_STEM[number % len(_STEM)]} {_KIND[number // len(_STEM) % len(_KIND)]} {number} {_SUFFIX[entity]}"


def sf_id(prefix: str, number: int) -> str:
    """Return an 18-character Salesforce id: prefix, running number in base 36, and the case checksum."""
    digits = ""
    rest = number
    while rest:
        rest, digit = divmod(rest, 36)
        digits = _BASE36[digit] + digits
    body = f"{prefix}QT{digits:0>10}"
    check = ""
    for chunk in (body[0:5], body[5:10], body[10:15]):
        check += _CHECK[sum(1 << place for place, sign in enumerate(chunk) if "A" <= sign <= "Z")]
    return body + check
