with contribution as (
    {{- union_contributions('payment_application', identity_columns() + [
        'payment_id', 'credit_memo_id', 'invoice_id', 'amount', 'currency'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as payment_application_id,
    {{ canonical_identity('c') }},
    invoice.qtc_id,
    {{ canonical_version('c') }},
    c.payment_id,
    c.credit_memo_id,
    c.invoice_id,
    c.amount,
    c.currency
from contribution as c
left join {{ ref('core_invoice') }} as invoice on c.invoice_id = invoice.invoice_id
