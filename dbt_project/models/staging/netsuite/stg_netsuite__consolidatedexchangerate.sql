with latest as (
    {{ latest_version(ref('base_netsuite__consolidatedexchangerate')) }}
)

select
    {{ staged_identity() }},
    postingperiod as posting_period_id,
    fromcurrency as from_currency_id,
    tocurrency as to_currency_id,
    {{ to_rate('averagerate') }} as average_rate,
    {{ to_rate('currentrate') }} as closing_rate,
    {{ quarantine_reason(rates=['averagerate', 'currentrate']) }} as quarantine_reason
from latest
