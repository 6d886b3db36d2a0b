with invoices as (
    select * from {{ ref('core_invoice') }}
    where is_posted and not is_void
),

contracts as (
    select * from {{ ref('core_contract') }}
),

links as (
    select * from {{ ref('core_project_link') }}
),

credits as (
    select
        credited_invoice_id,
        sum(gross_amount) as credited_gross
    from invoices
    where document_type = 'credit_memo' and credited_invoice_id is not null
    group by credited_invoice_id
)

select
    invoices.invoice_id,
    invoices.document_type,
    invoices.document_number,
    invoices.customer_id,
    invoices.contract_id,
    coalesce(invoices.qtc_id, contracts.qtc_id) as qtc_id,
    coalesce(contracts.region, 'unassigned') as region,
    coalesce(contracts.practice, 'unassigned') as practice,
    invoices.legal_entity_id,
    invoices.source_instance,
    invoices.currency,
    invoices.functional_currency,
    invoices.exchange_rate,
    invoices.issue_date,
    coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) as period,
    invoices.gross_amount,
    coalesce(invoices.tax_amount, 0) as tax_amount,
    invoices.net_amount,
    invoices.functional_gross,
    invoices.version_at,
    -- the link of its job decides with the document itself whose it is
    greatest(invoices.source_load_id, coalesce(links.source_load_id, invoices.source_load_id)) as source_load_id,
    coalesce(invoices.document_type = 'invoice' and invoices.gross_amount + credits.credited_gross = 0, false) as is_fully_credited
from invoices
left join contracts on invoices.contract_id = contracts.contract_id
left join links on invoices.project_id = links.project_id
left join credits on invoices.invoice_id = credits.credited_invoice_id
