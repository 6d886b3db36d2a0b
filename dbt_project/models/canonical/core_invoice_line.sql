with contribution as (
    {{- union_contributions('invoice_line', identity_columns() + [
        'invoice_id', 'line_number', 'source_type', 'source_item_id', 'minutes', 'net_amount',
        'functional_amount', 'currency', 'is_posted'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as invoice_line_id,
    {{ canonical_identity('c') }},
    invoice.qtc_id,
    {{ canonical_version('c') }},
    c.invoice_id,
    c.line_number,
    c.source_type,
    c.source_item_id,
    c.minutes,
    c.net_amount,
    c.functional_amount,
    c.currency,
    c.is_posted
from contribution as c
left join {{ ref('core_invoice') }} as invoice on c.invoice_id = invoice.invoice_id
