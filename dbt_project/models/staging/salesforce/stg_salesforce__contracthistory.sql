with latest as (
    {{ latest_version(ref('base_salesforce__contracthistory')) }}
)

select
    {{ staged_identity() }},
    contractid as contract_id,
    field,
    oldvalue as old_value,
    newvalue as new_value,
    {{ to_timestamp('createddate') }} as changed_at,
    {{ quarantine_reason(timestamps=['createddate']) }} as quarantine_reason
from latest
