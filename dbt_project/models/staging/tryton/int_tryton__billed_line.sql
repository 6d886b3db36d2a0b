{{ config(materialized='table') }}

-- What an invoice line bills: a credit line bills what the line it credits billed.
with line as (
    select
        line.*,
        {{ tryton_reference('line.origin', 'account.invoice.line') }} as credited_line_id,
        coalesce({{ tryton_reference('line.origin', 'account.invoice.line') }}, line.source_id) as billing_line_id
    from {{ ref('stg_tryton__account_invoice_line') }} as line
    where line.quarantine_reason is null
),

sold as (
    select
        line.source_instance,
        line.source_id as line_id,
        order_line.source_id as sale_line_id,
        order_line.sale_id,
        'sale' as source
    from line
    inner join {{ ref('stg_tryton__sale_line') }} as order_line
        on
            line.source_instance = order_line.source_instance
            and {{ tryton_reference('line.origin', 'sale.line') }} = order_line.source_id
),

timed as (
    select
        source_instance,
        invoice_line_id as line_id,
        case when count(distinct sale_id) = 1 then min(sale_id) end as sale_id,
        'time' as source,
        cast(sum(minutes) as integer) as minutes
    from {{ ref('int_tryton__time') }}
    where invoice_line_id is not null
    group by source_instance, invoice_line_id
),

progressed as (
    select
        progress.source_instance,
        progress.invoice_line_id as line_id,
        min(work.sale_id) as sale_id,
        'progress' as source
    from {{ ref('stg_tryton__project_work_invoiced_progress') }} as progress
    inner join {{ ref('int_tryton__work') }} as work
        on progress.source_instance = work.source_instance and progress.work_id = work.source_id
    where progress.invoice_line_id is not null
    group by progress.source_instance, progress.invoice_line_id
),

finished as (
    select
        work.source_instance,
        work.invoice_line_id as line_id,
        min(tree.sale_id) as sale_id,
        'effort' as source
    from {{ ref('stg_tryton__project_work') }} as work
    inner join {{ ref('int_tryton__work') }} as tree
        on work.source_instance = tree.source_instance and work.source_id = tree.source_id
    where work.invoice_line_id is not null
    group by work.source_instance, work.invoice_line_id
),

ledger as (
    select
        source_instance,
        invoice_line_id as line_id,
        sum(-amount) as functional_amount
    from {{ ref('int_tryton__move_line') }}
    where invoice_line_id is not null
    group by source_instance, invoice_line_id
)

select
    line.source_instance,
    line.source_id,
    line.version_at,
    line.loaded_at,
    line.source_load_id,
    line.invoice_id,
    line.line_type,
    sold.sale_line_id,
    line.line_number,
    line.currency,
    line.net_amount,
    line.quantity,
    line.credited_line_id,
    ledger.functional_amount,
    coalesce(timed.sale_id, sold.sale_id, progressed.sale_id, finished.sale_id) as sale_id,
    coalesce(timed.source, sold.source, progressed.source, finished.source) as source,
    -- a credit line carries the time of the line it credits only where it takes all of it back
    case
        when line.credited_line_id is null then timed.minutes
        when credited.quantity = -line.quantity then timed.minutes
    end as minutes,
    credited.invoice_id as credited_invoice_id
from line
left join line as credited
    on line.source_instance = credited.source_instance and line.credited_line_id = credited.source_id
left join timed on line.source_instance = timed.source_instance and line.billing_line_id = timed.line_id
left join sold on line.source_instance = sold.source_instance and line.billing_line_id = sold.line_id
left join progressed on line.source_instance = progressed.source_instance and line.billing_line_id = progressed.line_id
left join finished on line.source_instance = finished.source_instance and line.billing_line_id = finished.line_id
left join ledger on line.source_instance = ledger.source_instance and line.source_id = ledger.line_id
