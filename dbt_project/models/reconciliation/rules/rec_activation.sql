with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id in ('activation.psa', 'activation.erp') and is_applicable
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

sla as (
    select max(cast(days as integer)) as activation_days from {{ source('raw', 'qtc_sla') }}
    where sla_id = 'activation'
),

time_items as (
    select * from {{ ref('int_time_item') }}
    where has_delivered and is_approved_billable
),

projects as (
    select * from {{ ref('int_linked_project') }}
),

expected as (
    select
        leg.*,
        positions.contract_id,
        positions.qtc_id,
        positions.customer_id,
        positions.legal_entity_id,
        positions.region,
        positions.signed_date,
        positions.signed_period,
        positions.source_instance,
        positions.version_at,
        greatest(positions.contract_value - positions.billed_amount, 0) as open_value,
        {{ date_start('positions.signed_date') }} as event_at
    from positions
    cross join leg
),

-- what another legal entity delivers stands on a project of its own: no second engagement beside one at home
placed as (
    select
        projects.*,
        coalesce(
            projects.link_role = 'root'
            and (
                projects.is_at_home
                or not coalesce(
                    max(case when projects.link_role = 'root' then projects.is_at_home end)
                        over (partition by projects.leg_id, projects.contract_id),
                    false
                )
            ), false
        ) as is_engagement
    from projects
),

ranked_root as (
    select
        placed.*,
        row_number() over (
            partition by placed.leg_id, placed.contract_id
            order by placed.created_at asc nulls last, placed.project_id asc nulls last
        ) as root_rank
    from placed
    where placed.is_engagement
),

-- approved value behind a project, at the contract's rate or else at the rate the entry carries
value_behind as (
    select
        project_id,
        sum(coalesce(contract_value, {{ minutes_value('minutes', 'rate') }})) as approved_value
    from time_items
    group by project_id
),

roots as (
    select
        ranked_root.leg_id,
        ranked_root.contract_id,
        count(*) as root_count,
        min(case when ranked_root.root_rank = 1 then ranked_root.project_id end) as project_id,
        min(case when ranked_root.root_rank = 1 then ranked_root.status end) as status,
        min(case when ranked_root.root_rank = 2 then ranked_root.project_id end) as surplus_project_id,
        max(ranked_root.created_at) as last_created_at,
        max(ranked_root.version_at) as version_at,
        sum(case when ranked_root.root_rank > 1 then coalesce(value_behind.approved_value, 0) else 0 end) as surplus_value
    from ranked_root
    left join value_behind on ranked_root.project_id = value_behind.project_id
    group by ranked_root.leg_id, ranked_root.contract_id
),

contract_row as (
    select
        leg.leg_id as leg,
        leg.contract_id as grain_key,
        leg.contract_id,
        leg.qtc_id,
        leg.customer_id,
        leg.legal_entity_id,
        leg.region,
        leg.signed_period as period,
        leg.source_instance as left_system,
        leg.contract_id as left_ref,
        1 as left_amount,
        leg.right_instance as right_system,
        coalesce(roots.surplus_project_id, roots.project_id) as right_ref,
        coalesce(roots.root_count, 0) as right_amount,
        case when roots.root_count > 1 then roots.surplus_value when roots.root_count = 1 then leg.open_value end as blocked_amount,
        case when roots.root_count > 1 then roots.last_created_at else leg.event_at end as event_at,
        case
            when roots.root_count is null then 'won_without_project'
            when roots.root_count > 1 then 'duplicate_project'
            when
                leg.leg_id = 'activation.psa' and roots.status = 'not_started'
                and {{ add_days('leg.signed_date', 'sla.activation_days') }} < leg.as_of_date
                then 'activation_past_sla'
        end as break_class,
        case
            when roots.root_count is null
                then {{ pending_reason('leg.event_at', 'leg.version_at', 'leg.version_at', 'right') }}
            when roots.root_count > 1
                then {{ pending_reason('roots.last_created_at', 'leg.version_at', 'roots.version_at', 'left') }}
        end as pending_reason,
        {{ due_at('leg.event_at') }} as due_at
    from expected as leg
    left join roots on leg.contract_id = roots.contract_id and leg.leg_id = roots.leg_id
    cross join sla
),

beside as (
    select
        placed.*,
        case
            when placed.is_internal then 'internal_project'
            when placed.link_role = 'additional_phase' then 'additional_phase'
            when placed.link_role = 'root' then 'other_entity'
            else 'project_without_contract'
        end as break_class
    from placed
    where not placed.is_engagement
),

-- declared phases, internal projects and those of other legal entities are right; a project without any contract is not
project_row as (
    select
        beside.leg_id as leg,
        beside.project_id as grain_key,
        beside.contract_id,
        beside.qtc_id,
        beside.customer_id,
        beside.legal_entity_id,
        beside.region,
        beside.period,
        leg.left_instance as left_system,
        cast(null as {{ dbt.type_string() }}) as left_ref,
        0 as left_amount,
        beside.source_instance as right_system,
        beside.project_id as right_ref,
        1 as right_amount,
        cast(null as decimal(18, 4)) as blocked_amount,
        beside.created_at as event_at,
        beside.break_class,
        case
            when beside.break_class = 'project_without_contract'
                then {{ pending_reason('beside.created_at', 'beside.version_at', 'beside.version_at', 'left') }}
        end as pending_reason,
        {{ due_at('beside.created_at') }} as due_at
    from beside
    inner join leg on beside.leg_id = leg.leg_id
),

found as (
    select * from contract_row
    where break_class is not null
    union all
    select * from project_row
)

select
    'activation' as rule_id,
    leg,
    'count' as measure,
    case
        when break_class in ('internal_project', 'additional_phase', 'other_entity') then 'reconciling'
        when break_class = 'activation_past_sla' then 'condition'
        when pending_reason is not null then 'timing'
        else 'break'
    end as kind,
    break_class,
    grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'activation' as workflow_stage,
    period,
    cast(null as {{ dbt.type_string() }}) as currency,
    left_system,
    left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_system,
    right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(left_amount - right_amount as decimal(18, 4)) as difference,
    cast(blocked_amount as decimal(18, 4)) as blocked_amount,
    event_at,
    case when break_class not in ('internal_project', 'additional_phase', 'other_entity', 'activation_past_sla') then due_at end as due_at,
    pending_reason,
    case break_class
        when 'won_without_project' then 'executed contract has no project'
        when 'duplicate_project' then 'contract has more than one engagement project'
        when 'activation_past_sla' then 'project is not started within the activation SLA'
        when 'internal_project' then 'internal project, nobody is billed'
        when 'additional_phase' then 'declared additional phase of its engagement'
        when 'other_entity' then 'delivered by another legal entity'
        else 'no executed contract stands behind the project'
    end as failure_reason
from found
