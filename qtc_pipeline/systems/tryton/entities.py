"""What is read of Tryton: models, fields, and what each is counted by.

Add a model here when staging needs it. Stays out: how it travels (``rpc.py``) and is paged (``read.py``).

Stored fields are preferred: a function field (``project.work.cost``) changes without its record's stamp moving. The
exceptions are amounts of documents that Tryton itself freezes with the document (``untaxed_amount`` of a posted
invoice) or computes from fields of the same record (``amount`` of a line). ``currency.code`` arrives nested, under the
key ``"currency."``; a currency's code does not change.
"""

from __future__ import annotations

from qtc_pipeline.systems.contract import Entity

CURSOR = "last_modified_at"


def _entity(name: str, *fields: str, currency: str | None = None, personal: tuple[str, ...] = ()) -> Entity:
    return Entity(
        name=name,
        fields=("id", CURSOR, *fields),
        cursor=CURSOR,
        currency=currency,
        volatile=(CURSOR,),
        personal=personal,
    )


ENTITIES: tuple[Entity, ...] = (
    _entity("company_company", "rec_name", "party", "currency", "currency.code"),
    _entity("currency_currency", "code", "name", "digits", "active"),
    _entity("currency_currency_rate", "date", "rate", "currency.code", currency="currency.code"),
    _entity("party_party", "name", "code", "active", personal=("name",)),
    _entity(
        "company_employee", "rec_name", "company", "party", "start_date", "end_date", "active", personal=("rec_name",)
    ),
    _entity("company_employee_cost_price", "employee", "date", "cost_price"),
    _entity("account_fiscalyear", "name", "company", "start_date", "end_date", "state"),
    _entity("account_period", "name", "company", "fiscalyear", "type", "start_date", "end_date", "state"),
    _entity(
        "account_account",
        "code",
        "name",
        "company",
        "closed",
        "type",
        "type.receivable",
        "type.payable",
        "type.revenue",
        "type.expense",
    ),
    _entity("account_tax", "name", "company", "rate", "invoice_account", "credit_note_account", "active"),
    _entity("account_invoice_payment_method", "name", "company", "debit_account", "credit_account", "active"),
    _entity("account_journal", "name", "code", "type", "active"),
    _entity("account_move", "number", "company", "date", "period", "journal", "origin", "state"),
    _entity(
        "account_move_line",
        "move",
        "account",
        "party",
        "debit",
        "credit",
        "amount_second_currency",
        "second_currency.code",
        "maturity_date",
        "reconciliation",
        "origin",
        "state",
    ),
    _entity("account_move_reconciliation", "company", "date"),
    _entity(
        "account_invoice",
        "type",
        "state",
        "number",
        "reference",
        "description",
        "company",
        "party",
        "currency.code",
        "invoice_date",
        "accounting_date",
        "account",
        "move",
        "cancel_move",
        "payment_lines",
        "untaxed_amount",
        "tax_amount",
        "total_amount",
        currency="currency.code",
    ),
    _entity(
        "account_invoice_line",
        "invoice",
        "type",
        "company",
        "currency.code",
        "product",
        "description",
        "quantity",
        "unit_price",
        "amount",
        "account",
        "origin",
        "sequence",
        currency="currency.code",
    ),
    _entity("account_invoice_tax", "invoice", "tax", "account", "base", "amount"),
    _entity(
        "sale_opportunity",
        "number",
        "reference",
        "description",
        "company",
        "party",
        "state",
        "amount",
        "currency.code",
        "start_date",
        "end_date",
        currency="currency.code",
    ),
    _entity(
        "sale_sale",
        "number",
        "reference",
        "company",
        "party",
        "state",
        "origin",
        "sale_date",
        "currency.code",
        "untaxed_amount",
        "invoice_method",
        currency="currency.code",
    ),
    _entity("sale_line", "sale", "type", "product", "quantity", "unit_price", "amount", "sequence"),
    _entity(
        "project_work",
        "name",
        "number",
        "type",
        "company",
        "party",
        "parent",
        "path",
        "origin",
        "comment",
        "product",
        "list_price",
        "project_invoice_method",
        "effort_duration",
        "progress",
        "invoice_line",
        "status.progress",
    ),
    _entity("project_work_invoiced_progress", "work", "progress", "invoice_line"),
    _entity("timesheet_work", "name", "origin", "company"),
    _entity(
        "timesheet_line",
        "company",
        "employee",
        "date",
        "work",
        "duration",
        "cost_price",
        "invoice_line",
        "description",
        personal=("description",),
    ),
)

# the lake's table names are the models' names with dots written as underscores; these have underscores of their own
_MODELS = {
    "company_employee_cost_price": "company.employee_cost_price",
    "project_work_invoiced_progress": "project.work.invoiced_progress",
}


def model_of(entity: Entity) -> str:
    """Tryton's own name of an entity (``account.move.line``)."""
    return _MODELS.get(entity.name, entity.name.replace("_", "."))
