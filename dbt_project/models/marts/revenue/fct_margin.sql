with build as (
    select * from {{ ref('int_build') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

parts as (
    select * from {{ ref('int_margin_part') }}
),

stages as (
    select * from {{ ref('int_margin_stage') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
),

moved as (
    select
        contract_id,
        period,
        sum(recognized_amount) as recognized_amount,
        sum(billed_amount) as billed_amount,
        sum(approved_minutes) as approved_minutes,
        sum(minutes_without_cost) as minutes_without_cost,
        sum(labour_cost) as labour_cost,
        sum(expense_cost) as expense_cost
    from parts
    group by contract_id, period
),

filled as (
    select
        stages.contract_id,
        stages.period,
        stages.contract_value,
        stages.planned_cost,
        stages.estimate_to_complete,
        coalesce(moved.recognized_amount, 0) as recognized_amount,
        coalesce(moved.billed_amount, 0) as billed_amount,
        coalesce(moved.approved_minutes, 0) as approved_minutes,
        coalesce(moved.minutes_without_cost, 0) as minutes_without_cost,
        coalesce(moved.labour_cost, 0) as labour_cost,
        coalesce(moved.expense_cost, 0) as expense_cost
    from stages
    left join moved on stages.contract_id = moved.contract_id and stages.period = moved.period
),

running as (
    select
        filled.*,
        labour_cost + expense_cost as total_cost,
        sum(recognized_amount) over to_date as recognized_to_date,
        sum(billed_amount) over to_date as billed_to_date,
        sum(labour_cost + expense_cost) over to_date as cost_to_date,
        sum(minutes_without_cost) over to_date as minutes_without_cost_to_date
    from filled
    window to_date as (partition by contract_id order by period asc nulls last rows between unbounded preceding and current row)
),

forecast as (
    select
        running.*,
        case when minutes_without_cost_to_date = 0 then cost_to_date + estimate_to_complete end as forecast_cost
    from running
)

select
    forecast.contract_id,
    forecast.period,
    forecast.period = build.as_of_period as is_as_of_period,
    positions.qtc_id,
    coalesce(positions.customer_id, 'unassigned') as customer_id,
    positions.legal_entity_id,
    positions.region,
    positions.practice,
    coalesce(positions.billing_type, 'unassigned') as billing_type,
    positions.functional_currency as currency,
    cast(forecast.approved_minutes as bigint) as approved_minutes,
    cast(forecast.minutes_without_cost as bigint) as minutes_without_cost,
    cast(forecast.recognized_amount as decimal(18, 4)) as recognized_amount,
    cast(forecast.billed_amount as decimal(18, 4)) as billed_amount,
    cast(forecast.labour_cost as decimal(18, 4)) as labour_cost,
    cast(forecast.expense_cost as decimal(18, 4)) as expense_cost,
    cast(forecast.total_cost as decimal(18, 4)) as total_cost,
    cast(forecast.recognized_to_date as decimal(18, 4)) as recognized_to_date,
    cast(forecast.billed_to_date as decimal(18, 4)) as billed_to_date,
    cast(forecast.cost_to_date as decimal(18, 4)) as cost_to_date,
    cast(forecast.contract_value as decimal(18, 4)) as contract_value,
    cast(forecast.planned_cost as decimal(18, 4)) as planned_cost,
    cast(forecast.estimate_to_complete as decimal(18, 4)) as estimate_to_complete,
    cast(forecast.forecast_cost as decimal(18, 4)) as forecast_cost,
    case
        when forecast.minutes_without_cost_to_date = 0
            then {{ ratio('forecast.recognized_to_date - forecast.cost_to_date', 'forecast.recognized_to_date') }}
    end as recognized_margin,
    case
        when forecast.minutes_without_cost_to_date = 0
            then {{ ratio('forecast.billed_to_date - forecast.cost_to_date', 'forecast.billed_to_date') }}
    end as billed_margin,
    {{ ratio('forecast.contract_value - forecast.planned_cost', 'forecast.contract_value') }} as booked_margin,
    {{ ratio('forecast.contract_value - forecast.forecast_cost', 'forecast.contract_value') }} as forecast_margin,
    {{ ratio('forecast.contract_value - forecast.planned_cost', 'forecast.contract_value') }}
    - {{ ratio('forecast.contract_value - forecast.forecast_cost', 'forecast.contract_value') }} as margin_erosion,
    rates.rate as reporting_rate,
    signature_rate.rate as signature_rate,
    {{ to_reporting('forecast.recognized_amount', 'rates.rate') }} as recognized_reporting,
    {{ to_reporting('forecast.billed_amount', 'rates.rate') }} as billed_reporting,
    {{ to_reporting('forecast.total_cost', 'rates.rate') }} as total_cost_reporting,
    {{ to_reporting('forecast.contract_value', 'signature_rate.rate') }} as contract_value_reporting,
    {{ to_reporting('forecast.planned_cost', 'signature_rate.rate') }} as planned_cost_reporting,
    {{ to_reporting('forecast.forecast_cost', 'signature_rate.rate') }} as forecast_cost_reporting
from forecast
inner join positions on forecast.contract_id = positions.contract_id
cross join build
left join rates on positions.functional_currency = rates.currency and forecast.period = rates.period
left join rates as signature_rate
    on positions.functional_currency = signature_rate.currency and positions.signed_period = signature_rate.period
