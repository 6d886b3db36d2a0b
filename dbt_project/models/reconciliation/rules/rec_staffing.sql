with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'staffing.psa' and is_applicable
),

sla as (
    select max(cast(days as integer)) as staffing_days from {{ source('raw', 'qtc_sla') }}
    where sla_id = 'staffing'
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

demands as (
    select * from {{ ref('core_role_demand') }}
),

assignments as (
    select * from {{ ref('core_assignment') }}
),

rate_cards as (
    select * from {{ ref('core_rate_card') }}
    where country is null
),

currencies as (
    select * from {{ ref('core_currency') }}
),

wanted as (
    select
        demands.contract_id,
        demands.role_code,
        sum(demands.minutes) as sold_minutes,
        min(demands.start_date) as start_date
    from demands
    cross join leg
    cross join sla
    where demands.start_date <= {{ add_days('leg.as_of_date', 'sla.staffing_days') }}
    group by demands.contract_id, demands.role_code
),

sold as (
    select
        leg.*,
        wanted.role_code,
        wanted.sold_minutes,
        wanted.start_date,
        positions.contract_id,
        positions.qtc_id,
        positions.customer_id,
        positions.legal_entity_id,
        positions.region,
        positions.currency as contract_currency,
        positions.source_instance
    from wanted
    inner join positions on wanted.contract_id = positions.contract_id
    cross join leg
    where
        positions.status <> 'On Hold'
        and positions.end_date >= leg.as_of_date
        and (positions.closed_date is null or positions.closed_date > leg.as_of_date)
),

staffed as (
    select
        contract_id,
        role_code,
        min(assignment_id) as assignment_id,
        sum(minutes) as assigned_minutes
    from assignments
    where contract_id is not null
    group by contract_id, role_code
),

rate_today as (
    select
        sold.contract_id,
        sold.role_code,
        rate_cards.rate
    from sold
    inner join rate_cards
        on
            sold.contract_id = rate_cards.contract_id
            and sold.role_code = rate_cards.role_code
            and sold.as_of_date >= rate_cards.effective_from
            and (rate_cards.effective_to is null or sold.as_of_date <= rate_cards.effective_to)
    qualify
        row_number() over (
            partition by sold.contract_id, sold.role_code
            order by rate_cards.effective_from desc nulls last, rate_cards.rate_card_id desc nulls last
        ) = 1
),

short as (
    select
        sold.*,
        coalesce(staffed.assigned_minutes, 0) as assigned_minutes,
        staffed.assignment_id,
        rate_today.rate
    from sold
    left join staffed on sold.contract_id = staffed.contract_id and sold.role_code = staffed.role_code
    left join rate_today on sold.contract_id = rate_today.contract_id and sold.role_code = rate_today.role_code
    where sold.sold_minutes > coalesce(staffed.assigned_minutes, 0)
)

select
    'staffing' as rule_id,
    short.leg_id as leg,
    'minutes' as measure,
    'condition' as kind,
    'unstaffed_demand' as break_class,
    short.contract_id || ':' || short.role_code as grain_key,
    short.qtc_id,
    short.contract_id,
    short.customer_id,
    short.legal_entity_id,
    short.region,
    'delivery' as workflow_stage,
    short.as_of_period as period,
    cast(null as {{ dbt.type_string() }}) as currency,
    short.source_instance as left_system,
    short.contract_id as left_ref,
    cast(short.sold_minutes as decimal(18, 4)) as left_amount,
    short.right_instance as right_system,
    short.assignment_id as right_ref,
    cast(short.assigned_minutes as decimal(18, 4)) as right_amount,
    cast(0 as decimal(18, 4)) as difference,
    {{ minutes_value('short.sold_minutes - short.assigned_minutes', 'short.rate', 'currencies.minor_unit') }} as blocked_amount,
    {{ date_start('short.start_date') }} as event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    'nobody is assigned for part of the time sold of this role' as failure_reason
from short
left join currencies on short.contract_currency = currencies.currency_id
