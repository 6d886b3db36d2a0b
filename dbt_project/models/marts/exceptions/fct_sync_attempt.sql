with attempts as (
    select * from {{ ref('stg_ops__attempt') }}
    where quarantine_reason is null
),

corrections as (
    select * from {{ ref('fct_correction') }}
)

select
    attempts.source_id as attempt_id,
    attempts.correction_id,
    attempts.step,
    attempts.attempt_no,
    attempts.target_instance,
    attempts.target_entity,
    attempts.record_key,
    corrections.kind,
    coalesce(corrections.legal_entity_id, 'unassigned') as legal_entity_id,
    coalesce(corrections.region, 'unassigned') as region,
    corrections.qtc_id,
    attempts.outcome,
    coalesce(attempts.outcome <> 'unknown', false) as is_settled,
    coalesce(attempts.outcome in ('confirmed', 'settled_done', 'already_in_effect'), false) as is_in_effect,
    attempts.error_class,
    attempts.code,
    attempts.intent_at,
    attempts.sent_at,
    attempts.ended_at,
    {{ seconds_between('attempts.sent_at', 'attempts.ended_at') }} as seconds,
    coalesce(corrections.planned_period, {{ period_of('cast(attempts.version_at as date)') }}) as planned_period,
    attempts.version_at,
    attempts.source_load_id
from attempts
left join corrections on attempts.correction_id = corrections.correction_id
