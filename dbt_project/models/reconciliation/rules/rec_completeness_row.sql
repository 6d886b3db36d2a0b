with build as (
    select * from {{ ref('int_build') }}
),

completeness as (
    select * from {{ ref('rec_completeness') }}
),

loads as (
    select * from {{ source('raw', 'qtc_load') }}
),

last_load as (
    select loads.*
    from loads
    qualify
        row_number() over (
            partition by instance, vendor, entity
            order by completed_at desc nulls last, load_id desc nulls last
        ) = 1
),

found as (
    select
        'break' as kind,
        'load_incomplete' as break_class,
        measure,
        instance,
        entity,
        source_after as left_amount,
        raw_total as right_amount,
        difference,
        cast(null as timestamp) as event_at,
        'the source counts ' || cast(source_after as {{ dbt.type_string() }}) || ', the lake holds '
        || cast(raw_total as {{ dbt.type_string() }})
        || case when currency <> '' then ' in currency ' || currency else '' end as failure_reason
    from completeness
    where not is_explained
    union all
    select
        'condition' as kind,
        'shrunk_load' as break_class,
        'count' as measure,
        instance,
        entity,
        cast(rows as decimal(38, 4)) as left_amount,
        cast(rows as decimal(38, 4)) as right_amount,
        0 as difference,
        cast(completed_at as timestamp) as event_at,
        'a load much smaller than the one before was accepted by ' || forced_by || ': ' || coalesce(forced_reason, 'no reason')
            as failure_reason
    from last_load
    where forced_by is not null
)

select
    'completeness' as rule_id,
    'completeness' as leg,
    found.measure,
    found.kind,
    found.break_class,
    found.instance || ':' || found.entity as grain_key,
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    cast(null as {{ dbt.type_string() }}) as contract_id,
    cast(null as {{ dbt.type_string() }}) as customer_id,
    'unassigned' as legal_entity_id,
    'unassigned' as region,
    'ingest' as workflow_stage,
    build.as_of_period as period,
    cast(null as {{ dbt.type_string() }}) as currency,
    found.instance as left_system,
    found.entity as left_ref,
    cast(found.left_amount as decimal(18, 4)) as left_amount,
    'lake' as right_system,
    found.entity as right_ref,
    cast(found.right_amount as decimal(18, 4)) as right_amount,
    cast(found.difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    found.event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    found.failure_reason
from found
cross join build
