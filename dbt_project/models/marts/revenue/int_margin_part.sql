with build as (
    select * from {{ ref('int_build') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

labour as (
    select * from {{ ref('int_labour_cost') }}
),

spending as (
    select * from {{ ref('int_spending') }}
),

recognized as (
    select
        positions.contract_id,
        revenue.period,
        sum(revenue.functional_amount) as recognized_amount
    from revenue
    inner join positions on revenue.contract_id = positions.contract_id
    cross join build
    where revenue.period <= build.as_of_period
    group by positions.contract_id, revenue.period
),

billed as (
    select
        positions.contract_id,
        documents.period,
        sum(lines.functional_amount) as billed_amount
    from documents
    inner join positions on documents.contract_id = positions.contract_id
    inner join lines on documents.invoice_id = lines.invoice_id
    cross join build
    where {{ is_fee('lines.source_type') }} and documents.period <= build.as_of_period
    group by positions.contract_id, documents.period
),

spent as (
    select
        contract_id,
        period,
        sum(functional_amount) as expense_cost
    from spending
    group by contract_id, period
)

select
    contract_id,
    period,
    cast(recognized_amount as decimal(18, 4)) as recognized_amount,
    cast(0 as decimal(18, 4)) as billed_amount,
    cast(0 as bigint) as approved_minutes,
    cast(0 as bigint) as minutes_without_cost,
    cast(0 as decimal(18, 4)) as labour_cost,
    cast(0 as decimal(18, 4)) as expense_cost
from recognized
union all
select
    contract_id,
    period,
    0 as recognized_amount,
    billed_amount,
    0 as approved_minutes,
    0 as minutes_without_cost,
    0 as labour_cost,
    0 as expense_cost
from billed
union all
select
    contract_id,
    period,
    0 as recognized_amount,
    0 as billed_amount,
    approved_minutes,
    minutes_without_cost,
    labour_cost,
    0 as expense_cost
from labour
union all
select
    contract_id,
    period,
    0 as recognized_amount,
    0 as billed_amount,
    0 as approved_minutes,
    0 as minutes_without_cost,
    0 as labour_cost,
    expense_cost
from spent
