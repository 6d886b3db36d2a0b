with latest as (
    {{ latest_version(ref('base_kantata__estimates')) }}
)

select
    {{ staged_identity() }},
    workspace_id,
    {{ to_integer('version') }} as version,
    {{ to_date('as_of_date') }} as as_of_date,
    {{ cents_to_money('planned_cost_in_cents') }} as planned_cost,
    {{ cents_to_money('etc_cost_in_cents') }} as etc_cost,
    currency,
    {{ quarantine_reason(
        integers=['version'],
        dates=['as_of_date'],
        cents=['planned_cost_in_cents', 'etc_cost_in_cents']
    ) }} as quarantine_reason
from latest
