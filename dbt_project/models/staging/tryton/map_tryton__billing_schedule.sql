-- A sale invoiced when it is processed is billed by its lines, due on the sale date.
with billed as (
    select
        line.source_instance,
        line.sale_line_id,
        sum(line.net_amount) as net_amount
    from {{ ref('int_tryton__billed_line') }} as line
    inner join {{ ref('int_tryton__invoice') }} as invoice
        on line.source_instance = invoice.source_instance and line.invoice_id = invoice.source_id
    where line.sale_line_id is not null and invoice.is_posted and not invoice.is_void
    group by line.source_instance, line.sale_line_id
)

select
    {{ mapped_identity('tryton', 'sale_line', 'line') }},
    {{ tryton_sale_project('line.source_instance', 'line.sale_id') }} as project_id,
    sale.sale_date as scheduled_date,
    line.net_amount as amount,
    sale.currency,
    coalesce(billed.net_amount, 0) <> 0 as is_billed
from {{ ref('stg_tryton__sale_line') }} as line
inner join {{ ref('stg_tryton__sale_sale') }} as sale
    on line.source_instance = sale.source_instance and line.sale_id = sale.source_id
inner join {{ ref('int_tryton__sale') }} as resolved
    on sale.source_instance = resolved.source_instance and sale.source_id = resolved.sale_id
left join billed on line.source_instance = billed.source_instance and line.source_id = billed.sale_line_id
where line.quarantine_reason is null and line.line_type = 'line' and sale.invoice_method = 'order' and resolved.is_executed
