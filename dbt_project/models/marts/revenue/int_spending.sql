with build as (
    select * from {{ ref('int_build') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

expenses as (
    select * from {{ ref('core_expense') }}
    where is_approved
),

subcontractor_costs as (
    select * from {{ ref('core_subcontractor_cost') }}
    where is_approved
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
),

spent as (
    select
        'expense' as kind,
        expense_id as spending_id,
        contract_id,
        expense_date,
        period,
        amount,
        currency,
        is_billable,
        {{ source_columns('expenses') }}
    from expenses
    union all
    select
        'subcontractor' as kind,
        subcontractor_cost_id as spending_id,
        contract_id,
        expense_date,
        period,
        amount,
        currency,
        is_billable,
        {{ source_columns('subcontractor_costs') }}
    from subcontractor_costs
)

select
    spent.kind,
    spent.spending_id,
    spent.contract_id,
    spent.period,
    spent.currency,
    spent.amount,
    coalesce(spent.is_billable, false) as is_billable,
    {{ marked_up('spent.amount', 'contracts.expense_markup_percent') }} as billable_amount,
    cast(
        {{ cross_convert('spent.amount', 'spent.currency', 'positions.functional_currency', 'from_rate.rate', 'to_rate.rate') }}
        as decimal(18, 4)
    ) as functional_amount,
    from_rate.rate as reporting_rate,
    {{ source_columns('spent') }}
from spent
inner join positions on spent.contract_id = positions.contract_id
inner join contracts on spent.contract_id = contracts.contract_id
cross join build
left join rates as from_rate on spent.currency = from_rate.currency and spent.period = from_rate.period
left join rates as to_rate on positions.functional_currency = to_rate.currency and spent.period = to_rate.period
where spent.expense_date <= build.as_of_date
