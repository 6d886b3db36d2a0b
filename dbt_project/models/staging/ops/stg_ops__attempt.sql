with latest as (
    {{ latest_version(ref('base_ops__attempt')) }}
)

select
    {{ staged_identity() }},
    correction_id,
    {{ to_integer('step') }} as step,
    {{ to_integer('attempt_no') }} as attempt_no,
    target as target_instance,
    target_entity,
    record_key,
    outcome,
    nullif(code, '') as code,
    nullif(error_class, '') as error_class,
    {{ to_timestamp('intent_at') }} as intent_at,
    {{ to_timestamp('sent_at') }} as sent_at,
    {{ to_timestamp('ended_at') }} as ended_at,
    {{ quarantine_reason(
        integers=['step', 'attempt_no'],
        timestamps=['intent_at', 'sent_at', 'ended_at']
    ) }} as quarantine_reason
from latest
