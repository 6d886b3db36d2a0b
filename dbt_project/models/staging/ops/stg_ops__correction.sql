with latest as (
    {{ latest_version(ref('base_ops__correction')) }}
)

select
    {{ staged_identity() }},
    kind,
    state,
    exception_id,
    {{ to_integer('occurrence') }} as occurrence,
    {{ to_integer('generation') }} as generation,
    break_class,
    leg,
    policy,
    {{ to_money('exposure') }} as exposure_reporting,
    owner_role,
    legal_entity_id,
    region,
    qtc_id,
    build_id,
    superseded_by,
    instances as target_instances,
    {{ to_integer('steps') }} as steps,
    {{ to_integer('steps_done') }} as steps_done,
    {{ to_timestamp('created_at') }} as planned_at,
    {{ to_timestamp('approved_at') }} as approved_at,
    {{ to_timestamp('applied_at') }} as applied_at,
    {{ to_timestamp('confirmed_at') }} as confirmed_at,
    {{ to_timestamp('resolved_at') }} as resolved_at,
    {{ to_timestamp('defect_seen_at') }} as defect_seen_at,
    {{ to_timestamp('planned_as_of') }} as planned_as_of,
    {{ to_timestamp('repaired_as_of') }} as repaired_as_of,
    {{ quarantine_reason(
        integers=['occurrence', 'generation', 'steps', 'steps_done'],
        money=['exposure'],
        timestamps=[
            'created_at', 'approved_at', 'applied_at', 'confirmed_at', 'resolved_at', 'defect_seen_at', 'planned_as_of',
            'repaired_as_of'
        ]
    ) }} as quarantine_reason
from latest
