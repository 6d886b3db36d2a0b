with latest as (
    {{ latest_version(ref('base_netsuite__subsidiary')) }}
)

select
    {{ staged_identity() }},
    name,
    currency as currency_id,
    country,
    {{ quarantine_reason() }} as quarantine_reason
from latest
