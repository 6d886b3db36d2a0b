{{ config(materialized='table') }}

-- A refunded invoice is 'cancelled' while its move and the credit note's stay posted: both count. Only a cancellation
-- without a credit note is a void.
with credit_move as (
    select
        source_instance,
        move_id
    from {{ ref('stg_tryton__account_invoice') }}
    where move_id is not null
),

ledger as (
    select
        line.source_instance,
        line.move_id,
        invoice.source_id as invoice_id,
        min(line.posting_period) as posting_period,
        max(case when line.is_posted then 1 else 0 end) as is_posted,
        sum(case when line.account_id = invoice.account_id then line.amount end) as functional_gross,
        -sum(case when line.invoice_line_id is not null then line.amount end) as functional_net,
        max(case when line.account_id = invoice.account_id then line.maturity_date end) as due_date
    from {{ ref('int_tryton__move_line') }} as line
    inner join {{ ref('stg_tryton__account_invoice') }} as invoice
        on line.source_instance = invoice.source_instance and line.move_id = invoice.move_id
    group by line.source_instance, line.move_id, invoice.source_id
),

billed as (
    select
        source_instance,
        invoice_id,
        case when count(distinct sale_id) = 1 then min(sale_id) end as sale_id,
        min(cast(credited_invoice_id as integer)) as credited_invoice_id
    from {{ ref('int_tryton__billed_line') }}
    group by source_instance, invoice_id
)

select
    invoice.*,
    billed.sale_id,
    cast(billed.credited_invoice_id as {{ dbt.type_string() }}) as credited_invoice_id,
    legal_entity.legal_entity_id,
    ledger.posting_period,
    ledger.functional_gross,
    ledger.functional_net,
    ledger.due_date,
    coalesce(ledger.is_posted, 0) = 1 as is_posted,
    invoice.status = 'cancelled' and credit_move.move_id is null as is_void
from {{ ref('stg_tryton__account_invoice') }} as invoice
left join ledger on invoice.source_instance = ledger.source_instance and invoice.source_id = ledger.invoice_id
left join billed on invoice.source_instance = billed.source_instance and invoice.source_id = billed.invoice_id
left join credit_move
    on invoice.source_instance = credit_move.source_instance and invoice.cancel_move_id = credit_move.move_id
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on invoice.source_instance = legal_entity.instance and invoice.company_id = legal_entity.source_key
where invoice.quarantine_reason is null and invoice.invoice_type = 'out'
