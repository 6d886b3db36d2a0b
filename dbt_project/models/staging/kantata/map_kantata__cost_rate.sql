select
    {{ mapped_identity('kantata', 'cost_rates', 'cost_rate') }},
    {{ record_key('cost_rate.source_instance', 'cost_rate.user_id') }} as resource_id,
    cast(cost_rate.rate as decimal(18, 6)) as rate,
    cost_rate.currency,
    cost_rate.effective_date as effective_from
from {{ ref('stg_kantata__cost_rates') }} as cost_rate
where cost_rate.quarantine_reason is null
