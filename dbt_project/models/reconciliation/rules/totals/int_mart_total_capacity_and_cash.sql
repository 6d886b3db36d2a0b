with build as (
    select * from {{ ref('int_build') }}
),

utilization as (
    select * from {{ ref('kpi_utilization') }}
),

receivables as (
    select * from {{ ref('kpi_receivable') }}
),

cash as (
    select * from {{ ref('kpi_cash') }}
),

measured as (
    select
        'utilization' as mart,
        'recorded_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        recorded_minutes as amount
    from utilization
    union all
    select
        'utilization' as mart,
        'billable_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        billable_minutes as amount
    from utilization
    union all
    select
        'utilization' as mart,
        'credited_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        credited_minutes as amount
    from utilization
    union all
    select
        'utilization' as mart,
        'holiday_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        holiday_minutes as amount
    from utilization
    union all
    select
        'utilization' as mart,
        'time_off_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        time_off_minutes as amount
    from utilization
    union all
    select
        'utilization' as mart,
        'calendar_minutes' as measure,
        build.as_of_period as period,
        utilization.legal_entity_id,
        null as currency,
        utilization.calendar_minutes as amount
    from utilization
    cross join build
    union all
    select
        'utilization' as mart,
        'available_minutes' as measure,
        build.as_of_period as period,
        utilization.legal_entity_id,
        null as currency,
        utilization.available_minutes as amount
    from utilization
    cross join build
    union all
    select
        'utilization' as mart,
        'base_minutes' as measure,
        build.as_of_period as period,
        utilization.legal_entity_id,
        null as currency,
        utilization.base_minutes as amount
    from utilization
    cross join build
    union all
    select
        'ar' as mart,
        'open_amount' as measure,
        period,
        legal_entity_id,
        currency,
        open_amount as amount
    from receivables
    union all
    select
        'cash' as mart,
        'received_amount' as measure,
        build.as_of_period as period,
        cash.legal_entity_id,
        cash.currency,
        cash.received_amount + cash.reversed_amount as amount
    from cash
    cross join build
    union all
    select
        'cash' as mart,
        'applied_amount' as measure,
        build.as_of_period as period,
        cash.legal_entity_id,
        cash.currency,
        cash.applied_amount as amount
    from cash
    cross join build
    union all
    select
        'cash' as mart,
        'unapplied_amount' as measure,
        build.as_of_period as period,
        cash.legal_entity_id,
        cash.currency,
        cash.unapplied_amount as amount
    from cash
    cross join build
)

select
    mart,
    measure,
    period,
    legal_entity_id,
    cast(currency as {{ dbt.type_string() }}) as currency,
    cast(sum(amount) as decimal(24, 4)) as mart_total
from measured
group by mart, measure, period, legal_entity_id, currency
