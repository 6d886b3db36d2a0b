with latest as (
    {{ latest_version(ref('base_netsuite__revenueelement')) }}
)

select
    {{ staged_identity() }},
    job as job_id,
    currency as currency_id,
    {{ to_money('amount') }} as amount,
    recognitionrule as recognition_rule,
    {{ quarantine_reason(money=['amount']) }} as quarantine_reason
from latest
