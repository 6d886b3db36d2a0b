with build as (
    select * from {{ ref('int_build') }}
),

-- what is posted ahead has not happened yet
payments as (
    select core_payment.*
    from {{ ref('core_payment') }} as core_payment
    cross join build
    where coalesce(core_payment.posting_period, {{ period_of('core_payment.payment_date') }}) <= build.as_of_period
),

applications as (
    select * from {{ ref('int_application') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
),

reversals as (
    select
        payments.*,
        originals.payment_id is not null as is_of_payment
    from payments
    left join payments as originals on payments.reversed_payment_id = originals.payment_id
    where payments.document_type = 'reversal'
),

reversed as (
    select
        reversals.reversed_payment_id as payment_id,
        sum(reversals.amount) as amount
    from reversals
    where reversals.is_of_payment
    group by reversals.reversed_payment_id
),

applied as (
    select
        payment_id,
        sum(amount) as amount,
        max(applied_date) as last_applied_date
    from applications
    where payment_id is not null
    group by payment_id
),

-- a reversal belongs to the payment it takes back; one of an unknown payment stands for itself
received as (
    select
        payments.*,
        coalesce(payments.posting_period, {{ period_of('payments.payment_date') }}) as period,
        coalesce(reversed.amount, 0) as reversed_amount,
        coalesce(applied.amount, 0) as applied_amount,
        applied.last_applied_date
    from payments
    left join reversed on payments.payment_id = reversed.payment_id
    left join applied on payments.payment_id = applied.payment_id
    left join reversals on payments.payment_id = reversals.payment_id
    where not coalesce(reversals.is_of_payment, false)
)

select
    received.payment_id,
    received.qtc_id,
    coalesce(received.customer_id, 'unassigned') as customer_id,
    received.legal_entity_id,
    received.payment_date,
    {{ period_of('received.payment_date') }} as month,
    received.period,
    received.currency,
    coalesce(received.is_void, false) as is_void,
    cast(received.amount as decimal(18, 4)) as received_amount,
    cast(received.reversed_amount as decimal(18, 4)) as reversed_amount,
    cast(received.applied_amount as decimal(18, 4)) as applied_amount,
    cast(received.amount + received.reversed_amount - received.applied_amount as decimal(18, 4)) as unapplied_amount,
    received.last_applied_date,
    rates.rate as reporting_rate,
    {{ to_reporting('(received.amount + received.reversed_amount)', 'rates.rate') }} as received_reporting
from received
left join rates on received.currency = rates.currency and received.period = rates.period
