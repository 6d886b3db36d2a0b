with contribution as (
    {{- contributions('tax_line', [
        'invoice_id', 'tax_amount', 'currency'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as tax_line_id,
    {{ canonical_identity('contribution') }},
    invoice.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.invoice_id,
    contribution.tax_amount,
    contribution.currency
from contribution
left join {{ ref('core_invoice') }} as invoice on contribution.invoice_id = invoice.invoice_id
