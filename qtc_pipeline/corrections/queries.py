"""The queries behind the facts: one per kind of thing, each with one bound list of ids.

Only canonical relations and those built on them are read, no vendor's own. Add here a query when a rule needs to know
more. Stays out: running them (``facts``), deciding (``rules``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the warehouse.

    Args:
        name: under which its rows are found.
        by: column they are keyed by.
        ids: kind of ids it is asked for.
        sql: with one parameter, a list of ids.
    """

    name: str
    by: str
    ids: str
    sql: str


QUERIES = (
    Query(
        "contract",
        "contract_id",
        "contract",
        """
        select
            contract.*, position.amended_value, position.billed_amount, position.recognized_amount,
            opportunity.source_id as crm_opportunity_id, opportunity.name as opportunity_name
        from canonical.core_contract as contract
        left join reconciliation.int_contract_position as position on contract.contract_id = position.contract_id
        left join canonical.core_opportunity as opportunity on contract.opportunity_id = opportunity.opportunity_id
        where contract.contract_id in (select unnest(?))
        """,
    ),
    Query(
        "readiness",
        "contract_id",
        "contract",
        "select * from marts.fct_activation_readiness where contract_id in (select unnest(?))",
    ),
    Query(
        "amendment",
        "contract_id",
        "contract",
        """
        select * from canonical.core_contract_amendment
        where is_approved and contract_id in (select unnest(?))
        order by effective_date, contract_amendment_id
        """,
    ),
    Query(
        "project",
        "contract_id",
        "contract",
        """
        select project.*, link.contract_id, link.link_role
        from canonical.core_project as project
        inner join canonical.core_project_link as link on project.project_id = link.project_id
        where not project.is_cancelled and link.contract_id in (select unnest(?))
        order by project.project_id
        """,
    ),
    Query(
        "order",
        "contract_id",
        "contract",
        """
        select orders.*
        from canonical.core_sales_order as orders
        left join canonical.core_project as project on orders.project_id = project.project_id
        where not coalesce(project.is_cancelled, false) and orders.contract_id in (select unnest(?))
        order by orders.sales_order_id
        """,
    ),
    Query(
        "customer",
        "customer_id",
        "customer",
        "select * from canonical.core_customer where customer_id in (select unnest(?))",
    ),
    Query(
        "twin",
        "crm_customer_id",
        "customer",
        """
        select
            twin.*, link.customer_id as crm_customer_id,
            exists (select 1 from canonical.core_invoice as document where document.customer_id = twin.customer_id)
                as has_documents
        from canonical.core_customer_link as link
        inner join canonical.core_customer as twin on link.linked_customer_id = twin.customer_id
        where twin.system_role = 'erp' and link.customer_id in (select unnest(?))
        order by twin.customer_id
        """,
    ),
    Query(
        "lookalike",
        "crm_customer_id",
        "customer",
        """
        with ours as (
            select * from canonical.core_customer where customer_id in (select unnest(?))
        ),
        unlinked as (
            select customer.*
            from canonical.core_customer as customer
            left join canonical.core_customer_link as link on customer.customer_id = link.linked_customer_id
            where customer.system_role = 'erp' and link.linked_customer_id is null
        ),
        alike as (
            select unlinked.*, ours.customer_id as crm_customer_id, true as is_same_tax_number
            from ours inner join unlinked on ours.tax_number = unlinked.tax_number
            union all
            select unlinked.*, ours.customer_id as crm_customer_id, false as is_same_tax_number
            from ours
            inner join unlinked on replace(lower(ours.name), ' ', '') = replace(lower(unlinked.name), ' ', '')
            where coalesce(ours.tax_number <> unlinked.tax_number, true)
        )
        select * from alike
        order by customer_id
        """,
    ),
    Query(
        "unlinked",
        "project_id",
        "grain",
        """
        select project.*, contract.contract_id, opportunity.source_id as crm_opportunity_id,
            contract.source_instance as crm_instance, contract.contract_number
        from canonical.core_project as project
        left join canonical.core_opportunity as opportunity
            on
                replace(lower(project.name), ' ', '') = replace(lower(opportunity.name), ' ', '')
                and project.currency = opportunity.currency
        left join canonical.core_contract as contract
            on
                opportunity.opportunity_id = contract.opportunity_id and contract.is_executed
                and contract.legal_entity_id = project.legal_entity_id
                and not exists (
                    select 1
                    from canonical.core_project_link as link
                    inner join canonical.core_project as known on link.project_id = known.project_id
                    where
                        link.contract_id = contract.contract_id and known.system_role = project.system_role
                        and not known.is_cancelled
                )
        where project.project_id in (select unnest(?))
        order by contract.contract_id
        """,
    ),
    Query(
        "time",
        "item_key",
        "grain",
        """
        select item.*, entry.resource_id, entry.source_instance, entry.source_entity
        from reconciliation.int_time_item as item
        inner join canonical.core_time_entry as entry on item.item_key = entry.time_entry_id
        where item.item_key in (select unnest(?))
        """,
    ),
    Query(
        "employee",
        "resource_id",
        "resource",
        """
        select entry.resource_id, bill.source_instance, min(bill.resource_id) as employee_id
        from canonical.core_time_entry as entry
        inner join canonical.core_time_entry as bill on entry.time_entry_id = bill.counterpart_id
        where
            bill.system_role = 'erp' and bill.resource_id is not null
            and entry.resource_id in (select unnest(?))
        group by entry.resource_id, bill.source_instance
        having count(distinct bill.resource_id) = 1
        """,
    ),
    Query(
        "cost",
        "item_key",
        "grain",
        """
        select expense_id as item_key, * from canonical.core_expense where expense_id in (select unnest(?))
        """,
    ),
    Query(
        "subcontracted",
        "item_key",
        "grain",
        """
        select subcontractor_cost_id as item_key, * from canonical.core_subcontractor_cost
        where subcontractor_cost_id in (select unnest(?))
        """,
    ),
    Query(
        "billing",
        "item",
        "item",
        """
        select distinct coalesce(line.source_type, 'none') || ':' || line.source_item_id as item,
            invoice.invoice_id, invoice.issue_date
        from canonical.core_invoice_line as line
        inner join reconciliation.int_posted_document as invoice on line.invoice_id = invoice.invoice_id
        where
            invoice.document_type = 'invoice' and not invoice.is_fully_credited
            and coalesce(line.source_type, 'none') || ':' || line.source_item_id in (select unnest(?))
        order by invoice.issue_date, invoice.invoice_id
        """,
    ),
    Query(
        "invoice",
        "invoice_id",
        "invoice",
        """
        select invoice.*, coalesce(settled.amount, 0) as settled_amount
        from canonical.core_invoice as invoice
        left join (
            select invoice_id, sum(amount) as amount from canonical.core_payment_application group by invoice_id
        ) as settled on invoice.invoice_id = settled.invoice_id
        where invoice.invoice_id in (select unnest(?))
        """,
    ),
    Query(
        "line",
        "invoice_id",
        "invoice",
        """
        select line.*,
            count(distinct twin.invoice_id) filter (where twin.invoice_id <> line.invoice_id) > 0 as is_billed_elsewhere
        from canonical.core_invoice_line as line
        left join (
            select other.*
            from canonical.core_invoice_line as other
            inner join reconciliation.int_posted_document as document on other.invoice_id = document.invoice_id
            where document.document_type = 'invoice' and not document.is_fully_credited
        ) as twin on line.source_item_id = twin.source_item_id and line.source_type = twin.source_type
        where line.invoice_id in (select unnest(?))
        group by all
        order by line.line_number, line.invoice_line_id
        """,
    ),
    Query(
        "terms_then",
        "invoice_id",
        "invoice",
        """
        select invoice.invoice_id,
            coalesce(
                min_by(change.old_value, (change.changed_at, change.contract_term_id))
                    filter (where cast(change.changed_at as date) > invoice.issue_date),
                any_value(contract.payment_terms)
            ) as payment_terms
        from canonical.core_invoice as invoice
        inner join canonical.core_contract as contract on invoice.contract_id = contract.contract_id
        left join canonical.core_contract_term as change
            on invoice.contract_id = change.contract_id and change.field = 'payment_terms'
        where invoice.invoice_id in (select unnest(?))
        group by invoice.invoice_id
        """,
    ),
    Query(
        "period",
        "legal_entity_id",
        "legal_entity",
        "select * from canonical.core_accounting_period where legal_entity_id in (select unnest(?))",
    ),
)
