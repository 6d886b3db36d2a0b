with latest as (
    {{ latest_version(ref('base_kantata__workspace_groups')) }}
)

select
    {{ staged_identity() }},
    name,
    {{ quarantine_reason() }} as quarantine_reason
from latest
