with build as (
    select * from {{ ref('int_build') }}
),

entries as (
    select * from {{ ref('core_time_entry') }}
    where system_role = 'psa' and is_approved
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
)

select
    entries.contract_id,
    entries.period,
    cast(sum(entries.minutes) as bigint) as approved_minutes,
    cast(sum(case when entries.cost_rate is null then entries.minutes else 0 end) as bigint) as minutes_without_cost,
    cast(
        coalesce(sum({{ minutes_value('entries.minutes', 'entries.cost_rate', 'currencies.minor_unit') }}), 0) as decimal(18, 4)
    ) as labour_cost
from entries
inner join positions on entries.contract_id = positions.contract_id
cross join build
left join currencies on positions.functional_currency = currencies.currency_id
where entries.work_date <= build.as_of_date
group by entries.contract_id, entries.period
