with payments as (
    select * from {{ ref('fct_payment') }}
)

select
    period,
    legal_entity_id,
    currency,
    count(*) as payments,
    cast(sum(received_amount) as decimal(24, 4)) as received_amount,
    cast(sum(reversed_amount) as decimal(24, 4)) as reversed_amount,
    cast(sum(applied_amount) as decimal(24, 4)) as applied_amount,
    cast(sum(unapplied_amount) as decimal(24, 4)) as unapplied_amount,
    cast(sum(received_reporting) as decimal(24, 4)) as received_reporting
from payments
group by period, legal_entity_id, currency
