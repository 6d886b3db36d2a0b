with build as (
    select * from {{ ref('int_build') }}
),

backlog as (
    select * from {{ ref('kpi_backlog') }}
),

unbilled as (
    select * from {{ ref('kpi_unbilled_time') }}
),

invoices as (
    select * from {{ ref('kpi_invoice_exceptions') }}
    where break_class = 'any'
),

margin as (
    select * from {{ ref('kpi_margin') }}
),

wip as (
    select * from {{ ref('fct_wip') }}
),

revenue as (
    select * from {{ ref('kpi_revenue') }}
),

measured as (
    select
        'backlog' as mart,
        'contract_value' as measure,
        period,
        legal_entity_id,
        currency,
        contract_value as amount
    from backlog
    union all
    select
        'backlog' as mart,
        'billed_amount' as measure,
        period,
        legal_entity_id,
        currency,
        billed_amount as amount
    from backlog
    union all
    select
        'backlog' as mart,
        'recognized_amount' as measure,
        period,
        legal_entity_id,
        currency,
        recognized_amount as amount
    from backlog
    union all
    select
        'backlog' as mart,
        'backlog_billing' as measure,
        period,
        legal_entity_id,
        currency,
        backlog_billing as amount
    from backlog
    union all
    select
        'backlog' as mart,
        'backlog_revenue' as measure,
        period,
        legal_entity_id,
        currency,
        backlog_revenue as amount
    from backlog
    union all
    select
        'backlog' as mart,
        'split' as measure,
        period,
        legal_entity_id,
        currency,
        delivered_unbilled + scheduled + inactive + unscheduled as amount
    from backlog
    union all
    select
        'unbilled_time' as mart,
        'open_amount' as measure,
        period,
        legal_entity_id,
        currency,
        unbilled_amount + over_cap_amount as amount
    from unbilled
    union all
    select
        'unbilled_time' as mart,
        'over_cap_amount' as measure,
        period,
        legal_entity_id,
        currency,
        over_cap_amount as amount
    from unbilled
    union all
    select
        'unbilled_time' as mart,
        'states' as measure,
        period,
        legal_entity_id,
        currency,
        ready_amount + on_hold_amount + on_draft_amount + blocked_amount + over_cap_amount as amount
    from unbilled
    union all
    select
        'unbilled_time' as mart,
        'unbilled_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        unbilled_minutes as amount
    from unbilled
    union all
    select
        'invoice_exceptions' as mart,
        'issued_invoices' as measure,
        period,
        legal_entity_id,
        null as currency,
        issued_invoices as amount
    from invoices
    union all
    select
        'invoice_exceptions' as mart,
        'issued_amount' as measure,
        period,
        legal_entity_id,
        currency,
        issued_amount as amount
    from invoices
    union all
    select
        'invoice_exceptions' as mart,
        'exposure_reporting' as measure,
        build.as_of_period as period,
        invoices.legal_entity_id,
        null as currency,
        invoices.exposure_reporting as amount
    from invoices
    cross join build
    union all
    select
        'margin' as mart,
        'recognized_amount' as measure,
        period,
        legal_entity_id,
        currency,
        recognized_amount as amount
    from margin
    union all
    select
        'margin' as mart,
        'billed_amount' as measure,
        period,
        legal_entity_id,
        currency,
        billed_amount as amount
    from margin
    union all
    select
        'margin' as mart,
        'labour_cost' as measure,
        period,
        legal_entity_id,
        currency,
        labour_cost as amount
    from margin
    union all
    select
        'margin' as mart,
        'expense_cost' as measure,
        period,
        legal_entity_id,
        currency,
        expense_cost as amount
    from margin
    union all
    select
        'margin' as mart,
        'approved_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        approved_minutes as amount
    from margin
    union all
    select
        'margin' as mart,
        'wip_invoiced' as measure,
        build.as_of_period as period,
        wip.legal_entity_id,
        wip.currency,
        wip.invoiced_amount as amount
    from wip
    cross join build
    union all
    select
        'revenue' as mart,
        'recognized_amount' as measure,
        period,
        legal_entity_id,
        currency,
        recognized_amount as amount
    from revenue
    union all
    select
        'revenue' as mart,
        'billed_amount' as measure,
        period,
        legal_entity_id,
        currency,
        billed_amount as amount
    from revenue
    union all
    select
        'revenue' as mart,
        'net_amount' as measure,
        period,
        legal_entity_id,
        currency,
        net_amount as amount
    from revenue
    union all
    select
        'revenue' as mart,
        'unbilled_receivable' as measure,
        period,
        legal_entity_id,
        currency,
        unbilled_receivable as amount
    from revenue
    union all
    select
        'revenue' as mart,
        'contract_asset' as measure,
        period,
        legal_entity_id,
        currency,
        contract_asset as amount
    from revenue
    union all
    select
        'revenue' as mart,
        'contract_liability' as measure,
        period,
        legal_entity_id,
        currency,
        contract_liability as amount
    from revenue
    union all
    select
        'revenue' as mart,
        'split' as measure,
        period,
        legal_entity_id,
        currency,
        unbilled_receivable + contract_asset - contract_liability as amount
    from revenue
)

select
    mart,
    measure,
    period,
    legal_entity_id,
    currency,
    cast(sum(amount) as decimal(24, 4)) as mart_total
from measured
group by mart, measure, period, legal_entity_id, currency
