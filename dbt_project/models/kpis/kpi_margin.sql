with margin as (
    select * from {{ ref('fct_margin') }}
),

-- a stock is known for a contract or not; ratios are formed over the contracts where it is
known as (
    select
        margin.*,
        case when planned_cost is not null then contract_value end as booked_value,
        case when contract_value is not null then planned_cost end as booked_cost,
        case when forecast_cost is not null then contract_value end as forecast_value,
        case when contract_value is not null then forecast_cost end as forecast_known_cost
    from margin
),

summed as (
    select
        period,
        legal_entity_id,
        region,
        practice,
        currency,
        count(*) as contracts,
        sum(approved_minutes) as approved_minutes,
        sum(minutes_without_cost) as minutes_without_cost,
        sum(recognized_amount) as recognized_amount,
        sum(billed_amount) as billed_amount,
        sum(labour_cost) as labour_cost,
        sum(expense_cost) as expense_cost,
        sum(total_cost) as total_cost,
        sum(recognized_to_date) as recognized_to_date,
        sum(billed_to_date) as billed_to_date,
        sum(cost_to_date) as cost_to_date,
        sum(booked_value) as booked_value,
        sum(booked_cost) as planned_cost,
        sum(forecast_value) as forecast_value,
        sum(forecast_known_cost) as forecast_cost,
        sum(recognized_reporting) as recognized_reporting,
        sum(billed_reporting) as billed_reporting,
        sum(total_cost_reporting) as total_cost_reporting
    from known
    group by period, legal_entity_id, region, practice, currency
)

select
    period,
    legal_entity_id,
    region,
    practice,
    currency,
    contracts,
    cast(approved_minutes as bigint) as approved_minutes,
    cast(minutes_without_cost as bigint) as minutes_without_cost,
    cast(recognized_amount as decimal(24, 4)) as recognized_amount,
    cast(billed_amount as decimal(24, 4)) as billed_amount,
    cast(labour_cost as decimal(24, 4)) as labour_cost,
    cast(expense_cost as decimal(24, 4)) as expense_cost,
    cast(total_cost as decimal(24, 4)) as total_cost,
    cast(recognized_to_date as decimal(24, 4)) as recognized_to_date,
    cast(billed_to_date as decimal(24, 4)) as billed_to_date,
    cast(cost_to_date as decimal(24, 4)) as cost_to_date,
    cast(booked_value as decimal(24, 4)) as booked_value,
    cast(planned_cost as decimal(24, 4)) as planned_cost,
    cast(forecast_value as decimal(24, 4)) as forecast_value,
    cast(forecast_cost as decimal(24, 4)) as forecast_cost,
    case when minutes_without_cost = 0 then {{ ratio('recognized_amount - total_cost', 'recognized_amount') }} end as recognized_margin,
    case when minutes_without_cost = 0 then {{ ratio('billed_amount - total_cost', 'billed_amount') }} end as billed_margin,
    {{ ratio('booked_value - planned_cost', 'booked_value') }} as booked_margin,
    {{ ratio('forecast_value - forecast_cost', 'forecast_value') }} as forecast_margin,
    {{ ratio('booked_value - planned_cost', 'booked_value') }} - {{ ratio('forecast_value - forecast_cost', 'forecast_value') }}
        as margin_erosion,
    cast(recognized_reporting as decimal(24, 4)) as recognized_reporting,
    cast(billed_reporting as decimal(24, 4)) as billed_reporting,
    cast(total_cost_reporting as decimal(24, 4)) as total_cost_reporting
from summed
