with build as (
    select * from {{ ref('int_build') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
),

contracts as (
    select * from {{ ref('dim_contract') }}
),

movements as (
    select * from {{ ref('fct_movement') }}
    where stock = 'backlog' and movement_type in ('signed', 'amendment', 'de_booked')
),

backlog as (
    select * from {{ ref('fct_backlog') }}
),

unbilled as (
    select * from {{ ref('fct_unbilled_time') }}
),

invoice_exceptions as (
    select * from {{ ref('kpi_invoice_exceptions') }}
    where break_class = 'any'
),

margin as (
    select * from {{ ref('fct_margin') }}
),

breaks as (
    select * from {{ ref('rec_break') }}
),

bookings as (
    select
        movements.period as month,
        movements.legal_entity_id,
        contracts.region,
        contracts.practice,
        'bookings' as kpi_id,
        'signed' as variant,
        sum({{ to_reporting('movements.amount', 'rates.rate') }}) as numerator,
        cast(null as decimal(18, 4)) as denominator
    from movements
    inner join contracts on movements.contract_id = contracts.contract_id
    left join rates on movements.currency = rates.currency and movements.period = rates.period
    group by movements.period, movements.legal_entity_id, contracts.region, contracts.practice
),

backlog_cell as (
    select
        build.as_of_period as month,
        backlog.legal_entity_id,
        backlog.region,
        backlog.practice,
        sum(backlog.backlog_billing_reporting) as billing,
        sum(backlog.backlog_revenue_reporting) as revenue
    from backlog
    cross join build
    group by build.as_of_period, backlog.legal_entity_id, backlog.region, backlog.practice
),

unbilled_cell as (
    select
        build.as_of_period as month,
        unbilled.legal_entity_id,
        unbilled.region,
        unbilled.practice,
        sum(unbilled.unbilled_amount_reporting) as within_cap,
        sum(case when unbilled.state = 'ready' then unbilled.unbilled_amount_reporting else 0 end) as ready,
        sum(case when unbilled.state = 'on_hold' then unbilled.unbilled_amount_reporting else 0 end) as on_hold,
        sum(case when unbilled.state = 'on_draft' then unbilled.unbilled_amount_reporting else 0 end) as on_draft,
        sum(case when unbilled.state = 'blocked' then unbilled.unbilled_amount_reporting else 0 end) as blocked,
        sum(unbilled.over_cap_amount_reporting) as over_cap
    from unbilled
    cross join build
    group by build.as_of_period, unbilled.legal_entity_id, unbilled.region, unbilled.practice
),

exception_cell as (
    select
        period as month,
        legal_entity_id,
        region,
        practice,
        sum(excepted_invoices) as excepted_invoices,
        sum(issued_invoices) as issued_invoices
    from invoice_exceptions
    group by period, legal_entity_id, region, practice
),

margin_flow as (
    select
        period as month,
        legal_entity_id,
        region,
        practice,
        sum(recognized_reporting) as recognized,
        sum(billed_reporting) as billed,
        case when sum(minutes_without_cost) = 0 then sum(total_cost_reporting) end as cost
    from margin
    group by period, legal_entity_id, region, practice
),

margin_stock as (
    select
        period as month,
        legal_entity_id,
        region,
        practice,
        sum(case when planned_cost_reporting is not null then contract_value_reporting end) as booked_value,
        sum(case when contract_value_reporting is not null then planned_cost_reporting end) as planned_cost,
        sum(case when forecast_cost_reporting is not null then contract_value_reporting end) as forecast_value,
        sum(case when contract_value_reporting is not null then forecast_cost_reporting end) as forecast_cost
    from margin
    where is_as_of_period
    group by period, legal_entity_id, region, practice
),

leakage as (
    select
        build.as_of_period as month,
        breaks.legal_entity_id,
        breaks.region,
        breaks.practice,
        case when breaks.leg = 'approved_time.erp' then 'time' else 'contracts' end as variant,
        sum(breaks.exposure_reporting) as amount
    from breaks
    cross join build
    where
        breaks.leg in ('approved_time.erp', 'activation.psa', 'activation.erp', 'contract_value.psa', 'contract_value.erp')
        and (breaks.base = 'leakage' or (breaks.base = 'delay' and breaks.due_at < build.as_of))
    group by
        build.as_of_period, breaks.legal_entity_id, breaks.region, breaks.practice,
        case when breaks.leg = 'approved_time.erp' then 'time' else 'contracts' end
)

select
    month,
    legal_entity_id,
    region,
    practice,
    kpi_id,
    variant,
    numerator,
    denominator,
    'amount' as unit,
    'backlog' as mart
from bookings
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'backlog' as kpi_id,
    'billing' as variant,
    billing as numerator,
    null as denominator,
    'amount' as unit,
    'backlog' as mart
from backlog_cell
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'backlog' as kpi_id,
    'revenue' as variant,
    revenue as numerator,
    null as denominator,
    'amount' as unit,
    'backlog' as mart
from backlog_cell
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'unbilled_time' as kpi_id,
    'within_cap' as variant,
    within_cap as numerator,
    null as denominator,
    'amount' as unit,
    'unbilled_time' as mart
from unbilled_cell
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'unbilled_time' as kpi_id,
    'ready' as variant,
    ready as numerator,
    null as denominator,
    'amount' as unit,
    'unbilled_time' as mart
from unbilled_cell
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'unbilled_time' as kpi_id,
    'on_hold' as variant,
    on_hold as numerator,
    null as denominator,
    'amount' as unit,
    'unbilled_time' as mart
from unbilled_cell
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'unbilled_time' as kpi_id,
    'on_draft' as variant,
    on_draft as numerator,
    null as denominator,
    'amount' as unit,
    'unbilled_time' as mart
from unbilled_cell
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'unbilled_time' as kpi_id,
    'blocked' as variant,
    blocked as numerator,
    null as denominator,
    'amount' as unit,
    'unbilled_time' as mart
from unbilled_cell
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'unbilled_time' as kpi_id,
    'over_cap' as variant,
    over_cap as numerator,
    null as denominator,
    'amount' as unit,
    'unbilled_time' as mart
from unbilled_cell
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'invoice_exception_rate' as kpi_id,
    'issued' as variant,
    excepted_invoices as numerator,
    issued_invoices as denominator,
    'ratio' as unit,
    'invoice_exceptions' as mart
from exception_cell
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'revenue_recognized' as kpi_id,
    'contract_rule' as variant,
    recognized as numerator,
    null as denominator,
    'amount' as unit,
    'margin' as mart
from margin_flow
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'billed' as kpi_id,
    'net' as variant,
    billed as numerator,
    null as denominator,
    'amount' as unit,
    'margin' as mart
from margin_flow
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'margin' as kpi_id,
    'recognized' as variant,
    recognized - cost as numerator,
    recognized as denominator,
    'ratio' as unit,
    'margin' as mart
from margin_flow
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'margin' as kpi_id,
    'billed' as variant,
    billed - cost as numerator,
    billed as denominator,
    'ratio' as unit,
    'margin' as mart
from margin_flow
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'margin' as kpi_id,
    'booked' as variant,
    booked_value - planned_cost as numerator,
    booked_value as denominator,
    'ratio' as unit,
    'margin' as mart
from margin_stock
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'margin' as kpi_id,
    'forecast' as variant,
    forecast_value - forecast_cost as numerator,
    forecast_value as denominator,
    'ratio' as unit,
    'margin' as mart
from margin_stock
union all
select
    month,
    legal_entity_id,
    region,
    practice,
    'revenue_leakage' as kpi_id,
    variant,
    amount as numerator,
    null as denominator,
    'amount' as unit,
    case when variant = 'time' then 'unbilled_time' else 'backlog' end as mart
from leakage
