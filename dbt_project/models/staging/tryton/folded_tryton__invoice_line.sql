select
    line.source_instance,
    line.source_id,
    line.currency,
    line.net_amount,
    case
        when invoice.invoice_type <> 'out' then 'supplier'
        when line.line_type <> 'line' then 'text'
        else 'time'
    end as kind
from {{ ref('int_tryton__billed_line') }} as line
inner join {{ ref('stg_tryton__account_invoice') }} as invoice
    on line.source_instance = invoice.source_instance and line.invoice_id = invoice.source_id
where
    invoice.quarantine_reason is null
    and (
        invoice.invoice_type <> 'out'
        or line.line_type <> 'line'
        or (line.source = 'time' and line.minutes > 0)
    )
