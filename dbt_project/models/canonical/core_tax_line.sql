with contribution as (
    {{- union_contributions('tax_line', identity_columns() + [
        'invoice_id', 'tax_amount', 'currency'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as tax_line_id,
    {{ canonical_identity('c') }},
    invoice.qtc_id,
    {{ canonical_version('c') }},
    c.invoice_id,
    c.tax_amount,
    c.currency
from contribution as c
left join {{ ref('core_invoice') }} as invoice on c.invoice_id = invoice.invoice_id
