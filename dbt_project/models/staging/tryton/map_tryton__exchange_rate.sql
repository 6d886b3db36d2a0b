-- Tryton keeps dated rates against a common base; a rate holds until the next one. Closing: the rate in force on the
-- last day of the month. Average: the mean of the rates dated in the month, the rate in force where there is none.
with month as (
    select distinct
        source_instance,
        {{ period_of('start_date') }} as period,
        start_date,
        end_date
    from {{ ref('stg_tryton__account_period') }}
    where quarantine_reason is null and period_type = 'standard'
),

rate as (
    select *
    from {{ ref('stg_tryton__currency_currency_rate') }}
    where quarantine_reason is null and rate > 0
),

closing as (
    select
        month.source_instance,
        month.period,
        month.start_date,
        month.end_date,
        rate.currency,
        rate.source_id,
        rate.version_at,
        rate.loaded_at,
        rate.source_load_id,
        rate.rate
    from month
    inner join rate on month.source_instance = rate.source_instance and month.end_date >= rate.rate_date
    qualify
        row_number() over (
            partition by month.source_instance, month.period, rate.currency
            order by rate.rate_date desc nulls last, cast(rate.source_id as integer) desc nulls last
        ) = 1
),

dated as (
    select
        closing.source_instance,
        closing.period,
        closing.currency,
        sum(rate.rate) as rate_sum,
        count(rate.rate) as rate_count
    from closing
    inner join rate
        on
            closing.source_instance = rate.source_instance
            and closing.currency = rate.currency
            and rate.rate_date between closing.start_date and closing.end_date
    group by closing.source_instance, closing.period, closing.currency
),

both_types as (
    select
        closing.*,
        'closing' as rate_type,
        closing.rate as rate_of_month
    from closing
    union all
    select
        closing.*,
        'average' as rate_type,
        coalesce(
            {{ money_div('dated.rate_sum', 'cast(dated.rate_count as decimal(18, 6))', 6) }}, closing.rate
        ) as rate_of_month
    from closing
    left join dated
        on
            closing.source_instance = dated.source_instance
            and closing.period = dated.period
            and closing.currency = dated.currency
)

select
    'tryton' as source_vendor,
    own.source_instance,
    'currency_currency_rate' as source_entity,
    own.currency || ':' || own.period as source_id,
    own.version_at,
    own.loaded_at,
    own.source_load_id,
    own.currency as from_currency,
    target.currency as to_currency,
    own.period,
    own.rate_type,
    cast({{ money_div('target.rate_of_month', 'own.rate_of_month', 6) }} as decimal(18, 6)) as rate,
    own.rate_type || ' rate of ' || own.source_instance || ', record ' || own.source_id as provenance
from both_types as own
cross join {{ source('raw', 'qtc_build') }} as build
inner join both_types as target
    on
        own.source_instance = target.source_instance
        and own.period = target.period
        and own.rate_type = target.rate_type
        and build.reporting_currency = target.currency
