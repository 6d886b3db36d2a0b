with build as (
    select * from {{ ref('int_build') }}
),

rates as (
    select * from {{ ref('core_exchange_rate') }}
    where rate_type = 'average'
),

known as (
    select
        rates.from_currency as currency,
        rates.period,
        rates.rate
    from rates
    inner join build on rates.to_currency = build.reporting_currency
    where rates.period <= build.as_of_period
),

latest as (
    select
        currency,
        max(period) as period
    from known
    group by currency
)

select
    known.currency,
    known.period,
    known.rate,
    known.period = latest.period as is_latest
from known
inner join latest on known.currency = latest.currency
