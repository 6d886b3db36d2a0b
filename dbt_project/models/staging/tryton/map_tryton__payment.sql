select
    {{ mapped_identity('tryton', 'account_move_line', 'payment') }},
    'payment' as document_type,
    {{ record_key('payment.source_instance', 'payment.party_id') }} as customer_id,
    payment.legal_entity_id,
    payment.currency,
    cast(case
        when payment.amount = 0 then 1 else {{ money_div('payment.functional_amount', 'payment.amount', 6) }}
    end as decimal(18, 6)) as exchange_rate,
    payment.move_date as payment_date,
    payment.posting_period,
    cast(payment.amount as decimal(18, 4)) as amount,
    false as is_void,
    cast(null as {{ dbt.type_string() }}) as reversed_payment_id
from {{ ref('int_tryton__payment') }} as payment
