with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id in ('bill_rate.psa', 'bill_rate.erp') and is_applicable
),

items as (
    select * from {{ ref('int_time_item') }}
    where is_eligible
),

contracts as (
    select * from {{ ref('core_contract') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

billed as (
    select * from {{ ref('int_item_amount') }}
    where source_type = 'time'
),

rated as (
    select
        items.item_key,
        items.contract_id,
        items.qtc_id,
        items.customer_id,
        items.region,
        items.legal_entity_id,
        items.role_code,
        items.period,
        items.currency,
        items.minutes,
        items.rate,
        items.rate_currency,
        items.contract_rate,
        items.contract_value,
        items.version_at,
        contracts.legal_entity_id as contract_entity_id,
        contracts.discount_percent,
        currencies.minor_unit,
        case currencies.minor_unit when 0 then 0.5 when 3 then 0.0005 else 0.005 end as half_unit,
        {{ money_div(
            'cast(items.contract_rate as decimal(20, 6)) * cast(100 - contracts.discount_percent as decimal(9, 4))', '100', 2
        ) }} as discounted_rate
    from items
    inner join contracts on items.contract_id = contracts.contract_id
    left join currencies on contracts.currency = currencies.currency_id
),

compared as (
    select
        'bill_rate.psa' as leg_id,
        rated.*,
        cast(rated.minutes as integer) as rated_minutes,
        1 as line_count,
        rated.contract_value as left_amount,
        coalesce({{ minutes_value('rated.minutes', 'rated.rate', 'rated.minor_unit') }}, 0) as right_amount,
        rated.version_at as right_version_at
    from rated
    where rated.contract_rate is not null and (rated.rate is null or rated.rate_currency = rated.currency)
    union all
    select
        'bill_rate.erp' as leg_id,
        rated.*,
        billed.minutes as rated_minutes,
        billed.line_count,
        {{ minutes_value('billed.minutes', 'rated.contract_rate', 'rated.minor_unit') }} as left_amount,
        billed.net_amount as right_amount,
        billed.version_at as right_version_at
    from rated
    inner join billed on rated.item_key = billed.item_key and rated.currency = billed.currency
    where rated.contract_rate is not null and billed.minutes > 0
),

priced as (
    select
        compared.*,
        left_amount - right_amount as difference,
        {{ minutes_value('rated_minutes', 'discounted_rate', 'minor_unit') }} as discounted_amount,
        case when line_count > 1 then half_unit * line_count else 0 end as slack
    from compared
    where left_amount <> right_amount
),

named as (
    select
        priced.*,
        leg.left_instance,
        leg.right_instance,
        case
            when abs(priced.discounted_amount - priced.right_amount) <= priced.slack then 'agreed_discount'
            when abs(priced.difference) <= priced.slack then 'rounding'
            else 'rate_mismatch'
        end as break_class,
        {{ torn_reason('priced.version_at', 'priced.right_version_at') }} as torn
    from priced
    inner join leg on priced.leg_id = leg.leg_id
),

-- approved time that no rate prices: out of both totals, but not out of sight
unrated as (
    select
        rated.contract_id || ':' || coalesce(rated.role_code, 'unassigned') as grain_key,
        rated.contract_id,
        min(rated.rate_currency) as currency,
        min(rated.qtc_id) as qtc_id,
        min(rated.customer_id) as customer_id,
        min(rated.region) as region,
        min(rated.contract_entity_id) as legal_entity_id,
        min(rated.item_key) as item_key,
        coalesce(sum({{ minutes_value('rated.minutes', 'rated.rate', 'rated.minor_unit') }}), 0) as amount
    from rated
    where rated.contract_rate is null
    group by rated.contract_id, coalesce(rated.role_code, 'unassigned')
)

select
    'bill_rate' as rule_id,
    leg_id as leg,
    'amount' as measure,
    case
        when break_class in ('agreed_discount', 'rounding') then 'reconciling'
        when torn is not null then 'timing'
        else 'break'
    end as kind,
    break_class,
    item_key as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    case leg_id when 'bill_rate.psa' then 'delivery' else 'billing' end as workflow_stage,
    period,
    currency,
    left_instance as left_system,
    item_key as left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    item_key as right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as due_at,
    case when break_class = 'rate_mismatch' then torn end as pending_reason,
    case break_class
        when 'agreed_discount' then 'billed at the discount the contract grants'
        when 'rounding' then 'every line is rounded for itself'
        else 'time is priced at another rate than the contract''s'
    end as failure_reason,
    'time_entry:' || item_key as exposure_item,
    cast(abs(difference) as decimal(18, 4)) as exposure_amount,
    currency as exposure_currency,
    case when difference > 0 then 'leakage' else 'overbilling' end as exposure_base
from named
union all
select
    'bill_rate' as rule_id,
    leg.leg_id as leg,
    'amount' as measure,
    'condition' as kind,
    'rate_missing' as break_class,
    unrated.grain_key,
    unrated.qtc_id,
    unrated.contract_id,
    unrated.customer_id,
    unrated.legal_entity_id,
    coalesce(unrated.region, 'unassigned') as region,
    'delivery' as workflow_stage,
    leg.as_of_period as period,
    unrated.currency,
    leg.left_instance as left_system,
    unrated.contract_id as left_ref,
    cast(unrated.amount as decimal(18, 4)) as left_amount,
    leg.right_instance as right_system,
    unrated.item_key as right_ref,
    cast(unrated.amount as decimal(18, 4)) as right_amount,
    cast(0 as decimal(18, 4)) as difference,
    cast(unrated.amount as decimal(18, 4)) as blocked_amount,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    'the contract has no rate for the role on the day of the work' as failure_reason,
    cast(null as {{ dbt.type_string() }}) as exposure_item,
    cast(null as decimal(18, 4)) as exposure_amount,
    cast(null as {{ dbt.type_string() }}) as exposure_currency,
    cast(null as {{ dbt.type_string() }}) as exposure_base
from unrated
inner join leg on leg.leg_id = 'bill_rate.psa'
