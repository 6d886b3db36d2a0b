with latest as (
    {{ latest_version(ref('base_netsuite__account')) }}
)

select
    {{ staged_identity() }},
    acctnumber as number,
    accttype as account_type,
    fullname as name,
    {{ quarantine_reason() }} as quarantine_reason
from latest
