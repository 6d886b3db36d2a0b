with latest as (
    {{ latest_version(ref('base_netsuite__billingscheduleline')) }}
)

select
    {{ staged_identity() }},
    job as job_id,
    {{ to_date('scheduleddate') }} as scheduled_date,
    {{ to_money('amount') }} as amount,
    currency as currency_id,
    {{ to_boolean('billed') }} as is_billed,
    {{ quarantine_reason(dates=['scheduleddate'], money=['amount'], booleans=['billed']) }} as quarantine_reason
from latest
