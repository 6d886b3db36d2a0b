with latest as (
    {{ latest_version(ref('base_kantata__roles')) }}
)

select
    {{ staged_identity() }},
    name as role_code,
    {{ quarantine_reason() }} as quarantine_reason
from latest
