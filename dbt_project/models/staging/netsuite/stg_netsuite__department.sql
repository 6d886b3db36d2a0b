with latest as (
    {{ latest_version(ref('base_netsuite__department')) }}
)

select
    {{ staged_identity() }},
    name as code,
    {{ to_boolean('isinactive') }} as is_inactive,
    {{ quarantine_reason(booleans=['isinactive']) }} as quarantine_reason
from latest
