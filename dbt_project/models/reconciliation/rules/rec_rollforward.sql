with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id like 'rollforward.%' and is_applicable
),

rolled as (
    select * from {{ ref('int_rollforward') }}
),

restatements as (
    select * from {{ ref('int_restatement') }}
),

restated as (
    select
        stock,
        legal_entity_id,
        currency,
        period,
        sum(amount) as amount
    from restatements
    group by stock, legal_entity_id, currency, period
),

remainder as (
    select
        rolled.stock,
        rolled.legal_entity_id,
        rolled.currency,
        rolled.period,
        rolled.closing as left_amount,
        rolled.opening + rolled.moved + coalesce(restated.amount, 0) as right_amount,
        rolled.closing - rolled.opening - rolled.moved - coalesce(restated.amount, 0) as difference,
        'break' as kind,
        'rollforward_break' as break_class,
        'closing as counted is not opening plus movements' as failure_reason
    from rolled
    left join restated
        on
            rolled.stock = restated.stock and rolled.legal_entity_id = restated.legal_entity_id
            and coalesce(rolled.currency, '') = coalesce(restated.currency, '') and rolled.period = restated.period
),

changes as (
    select
        stock,
        legal_entity_id,
        currency,
        period,
        amount as left_amount,
        cast(0 as decimal(18, 4)) as right_amount,
        amount as difference,
        case when cause is null then 'unexplained' else 'reconciling' end as kind,
        case when cause is not null then 'restatement' end as break_class,
        coalesce(cause, 'nothing explains the change of published movements') as failure_reason
    from restatements
    where amount <> 0
),

found as (
    select * from remainder
    where difference <> 0
    union all
    select * from changes
)

select
    'rollforward' as rule_id,
    leg.leg_id as leg,
    'amount' as measure,
    found.kind,
    found.break_class,
    found.stock || '|' || found.legal_entity_id || '|' || coalesce(found.currency, '') || '|' || found.period
    || case when found.kind = 'break' then '' else '|' || found.failure_reason end as grain_key,
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    cast(null as {{ dbt.type_string() }}) as contract_id,
    cast(null as {{ dbt.type_string() }}) as customer_id,
    found.legal_entity_id,
    'unassigned' as region,
    'reporting' as workflow_stage,
    found.period,
    found.currency,
    leg.left_instance as left_system,
    cast(null as {{ dbt.type_string() }}) as left_ref,
    cast(found.left_amount as decimal(18, 4)) as left_amount,
    leg.right_instance as right_system,
    cast(null as {{ dbt.type_string() }}) as right_ref,
    cast(found.right_amount as decimal(18, 4)) as right_amount,
    cast(found.difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    found.failure_reason
from found
inner join leg on leg.leg_id = 'rollforward.' || found.stock
