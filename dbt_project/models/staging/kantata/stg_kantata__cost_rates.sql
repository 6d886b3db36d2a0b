with latest as (
    {{ latest_version(ref('base_kantata__cost_rates')) }}
)

select
    {{ staged_identity() }},
    user_id,
    {{ cents_to_money('amount_in_subunits') }} as rate,
    currency,
    {{ to_date('effective_date') }} as effective_date,
    {{ quarantine_reason(cents=['amount_in_subunits'], dates=['effective_date']) }} as quarantine_reason
from latest
