-- A foreign payment is booked at its own rate and the difference when the invoice is settled, by a move of its own: it
-- relieves the receivable like an unapplied payment, so it contributes no application.
select
    {{ mapped_identity('tryton', 'account_move_line', 'payment') }},
    {{ record_key('payment.source_instance', 'payment.source_id') }} as payment_id,
    cast(null as {{ dbt.type_string() }}) as credit_memo_id,
    {{ record_key('payment.source_instance', 'payment.invoice_id') }} as invoice_id,
    cast(payment.amount as decimal(18, 4)) as amount,
    payment.currency
from {{ ref('int_tryton__payment') }} as payment
where not payment.is_foreign
