with latest as (
    {{ latest_version(ref('base_netsuite__item')) }}
)

select
    {{ staged_identity() }},
    itemid as code,
    displayname as display_name,
    {{ to_boolean('isinactive') }} as is_inactive,
    {{ quarantine_reason(booleans=['isinactive']) }} as quarantine_reason
from latest
