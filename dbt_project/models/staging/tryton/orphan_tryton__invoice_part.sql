with readable as (
    select
        source_instance,
        source_id
    from {{ ref('stg_tryton__account_invoice') }}
    where quarantine_reason is null
)

select
    line.source_instance,
    line.source_id,
    'line' as part,
    line.currency,
    line.net_amount as amount
from {{ ref('stg_tryton__account_invoice_line') }} as line
left join readable on line.source_instance = readable.source_instance and line.invoice_id = readable.source_id
where line.quarantine_reason is null and readable.source_id is null
union all
select
    tax.source_instance,
    tax.source_id,
    'tax' as part,
    cast(null as {{ dbt.type_string() }}) as currency,
    tax.tax_amount as amount
from {{ ref('stg_tryton__account_invoice_tax') }} as tax
left join readable on tax.source_instance = readable.source_instance and tax.invoice_id = readable.source_id
where tax.quarantine_reason is null and readable.source_id is null
