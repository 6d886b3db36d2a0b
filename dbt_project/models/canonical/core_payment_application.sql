with contribution as (
    {{- contributions('payment_application', [
        'payment_id', 'credit_memo_id', 'invoice_id', 'amount', 'currency'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as payment_application_id,
    {{ canonical_identity('contribution') }},
    invoice.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.payment_id,
    contribution.credit_memo_id,
    contribution.invoice_id,
    contribution.amount,
    contribution.currency
from contribution
left join {{ ref('core_invoice') }} as invoice on contribution.invoice_id = invoice.invoice_id
