with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'revenue.subledger' and is_applicable
),

expected as (
    select * from {{ ref('int_revenue_expected') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized
),

recognized as (
    select
        expected.contract_id,
        sum(revenue.amount) as amount,
        min(revenue.source_instance) as source_instance,
        max(revenue.version_at) as version_at
    from expected
    inner join revenue
        on
            expected.contract_id = revenue.contract_id and expected.currency = revenue.currency
            and revenue.period <= expected.period
    group by expected.contract_id
),

compared as (
    select
        expected.contract_id,
        expected.legal_entity_id,
        expected.currency,
        expected.period,
        expected.amount as left_amount,
        recognized.amount as right_amount,
        expected.amount - coalesce(recognized.amount, 0) as difference,
        contracts.qtc_id,
        contracts.customer_id,
        contracts.region,
        contracts.revenue_judgement,
        leg.left_instance,
        leg.right_instance,
        {{ torn_reason('contracts.version_at', 'recognized.version_at') }} as torn
    from expected
    inner join contracts on expected.contract_id = contracts.contract_id
    left join recognized on expected.contract_id = recognized.contract_id
    cross join leg
),

named as (
    select
        compared.*,
        case when difference = -revenue_judgement then 'documented_judgement' else 'revenue_misaligned' end as break_class
    from compared
    where difference <> 0
)

select
    'revenue' as rule_id,
    'revenue.subledger' as leg,
    'amount' as measure,
    case
        when break_class = 'documented_judgement' then 'reconciling'
        when torn is not null then 'timing'
        else 'break'
    end as kind,
    break_class,
    contract_id as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'revenue' as workflow_stage,
    period,
    currency,
    left_instance as left_system,
    contract_id as left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    case when right_amount is not null then contract_id end as right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    {{ date_start(period_end('period')) }} as event_at,
    cast(null as timestamp) as due_at,
    case when break_class = 'revenue_misaligned' then torn end as pending_reason,
    case break_class
        when 'documented_judgement' then 'recognized with a documented adjustment'
        else 'recognized revenue is not what the contract''s rule gives'
    end as failure_reason,
    'contract_revenue:' || contract_id as exposure_item,
    cast(abs(difference) as decimal(18, 4)) as exposure_amount,
    currency as exposure_currency,
    'misstatement' as exposure_base
from named
