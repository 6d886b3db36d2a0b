with latest as (
    {{ latest_version(ref('base_netsuite__term')) }}
)

select
    {{ staged_identity() }},
    name,
    {{ to_integer('daysuntilnetdue') }} as days_until_due,
    {{ quarantine_reason(integers=['daysuntilnetdue']) }} as quarantine_reason
from latest
