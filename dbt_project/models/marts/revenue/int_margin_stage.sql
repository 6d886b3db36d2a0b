with build as (
    select * from {{ ref('int_build') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

amendments as (
    select * from {{ ref('core_contract_amendment') }}
),

estimates as (
    select * from {{ ref('core_estimate') }}
    where contract_id is not null
),

parts as (
    select * from {{ ref('int_margin_part') }}
),

periods as (
    select * from {{ ref('core_accounting_period') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
),

calendar as (
    select periods.period
    from periods
    cross join build
    where periods.period <= build.as_of_period
    union
    select as_of_period from build
    union
    select period from parts
),

first_period as (
    select
        contract_id,
        min(period) as period
    from parts
    group by contract_id
),

-- every period from signature (or first activity) to as of
cells as (
    select
        positions.contract_id,
        calendar.period,
        case when {{ period_end('calendar.period') }} > build.as_of_date then build.as_of_date else {{ period_end('calendar.period') }} end
            as period_end
    from positions
    cross join calendar
    cross join build
    left join first_period on positions.contract_id = first_period.contract_id
    where calendar.period >= least(positions.signed_period, coalesce(first_period.period, positions.signed_period))
),

amended as (
    select
        cells.contract_id,
        cells.period,
        sum(amendments.amount) as amount
    from cells
    inner join positions on cells.contract_id = positions.contract_id
    inner join amendments
        on
            cells.contract_id = amendments.contract_id
            and amendments.currency = positions.currency
            and amendments.effective_date <= cells.period_end
    where amendments.is_approved
    group by cells.contract_id, cells.period
),

-- the latest version of each project's estimate at the end of the period
known_estimate as (
    select
        cells.contract_id,
        cells.period,
        estimates.project_id,
        estimates.etc_cost,
        row_number() over (
            partition by cells.contract_id, cells.period, estimates.project_id
            order by estimates.version desc nulls last, estimates.estimate_id desc nulls last
        ) as version_rank
    from cells
    inner join estimates on cells.contract_id = estimates.contract_id and estimates.as_of_date <= cells.period_end
),

to_complete as (
    select
        contract_id,
        period,
        sum(etc_cost) as etc_cost
    from known_estimate
    where version_rank = 1
    group by contract_id, period
),

first_plan as (
    select
        contract_id,
        sum(planned_cost) as planned_cost
    from estimates
    where version = 1
    group by contract_id
),

valued as (
    select
        cells.contract_id,
        cells.period,
        positions.currency,
        positions.functional_currency,
        positions.signed_period,
        coalesce(positions.planned_cost, first_plan.planned_cost) as planned_cost,
        positions.signed_value + coalesce(amended.amount, 0)
        - case when positions.closed_date <= cells.period_end then positions.debooked_amount else 0 end as contract_value,
        to_complete.etc_cost
    from cells
    inner join positions on cells.contract_id = positions.contract_id
    left join amended on cells.contract_id = amended.contract_id and cells.period = amended.period
    left join to_complete on cells.contract_id = to_complete.contract_id and cells.period = to_complete.period
    left join first_plan on cells.contract_id = first_plan.contract_id
)

select
    valued.contract_id,
    valued.period,
    cast(
        {{ cross_convert('valued.contract_value', 'valued.currency', 'valued.functional_currency', 'from_rate.rate', 'to_rate.rate') }}
        as decimal(18, 4)
    ) as contract_value,
    cast(valued.planned_cost as decimal(18, 4)) as planned_cost,
    cast(valued.etc_cost as decimal(18, 4)) as estimate_to_complete
from valued
left join rates as from_rate on valued.currency = from_rate.currency and valued.signed_period = from_rate.period
left join rates as to_rate on valued.functional_currency = to_rate.currency and valued.signed_period = to_rate.period
