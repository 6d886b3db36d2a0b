with corrections as (
    select * from {{ ref('stg_ops__correction') }}
    where quarantine_reason is null
),

described as (
    select
        *,
        cast(defect_seen_at as date) as defect_date,
        case when state = 'resolved' then cast(coalesce(repaired_as_of, resolved_at) as date) end as repaired_date
    from corrections
)

select
    source_id as correction_id,
    exception_id,
    occurrence,
    generation,
    kind,
    break_class,
    leg,
    state,
    policy,
    owner_role,
    coalesce(legal_entity_id, 'unassigned') as legal_entity_id,
    coalesce(region, 'unassigned') as region,
    qtc_id,
    exposure_reporting,
    target_instances,
    steps,
    steps_done,
    coalesce(applied_at is not null and state not in ('applying', 'in_doubt'), false) as is_settled,
    coalesce(confirmed_at is not null, false) as is_in_effect,
    planned_at,
    approved_at,
    applied_at,
    confirmed_at,
    resolved_at,
    {{ period_of('cast(coalesce(planned_as_of, planned_at) as date)') }} as planned_period,
    defect_date,
    repaired_date,
    {{ days_between('defect_date', 'repaired_date') }} as repair_days,
    superseded_by,
    build_id,
    version_at,
    source_load_id
from described
