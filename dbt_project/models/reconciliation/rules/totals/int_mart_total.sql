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

measured as (
    select 'backlog' as mart, 'contract_value' as measure, period, legal_entity_id, currency, contract_value as amount from backlog
    union all
    select 'backlog', 'billed_amount', period, legal_entity_id, currency, billed_amount from backlog
    union all
    select 'backlog', 'recognized_amount', period, legal_entity_id, currency, recognized_amount from backlog
    union all
    select 'backlog', 'backlog_billing', period, legal_entity_id, currency, backlog_billing from backlog
    union all
    select 'backlog', 'backlog_revenue', period, legal_entity_id, currency, backlog_revenue from backlog
    union all
    select 'backlog', 'split', period, legal_entity_id, currency, delivered_unbilled + scheduled + inactive + unscheduled from backlog
    union all
    select 'unbilled_time', 'open_amount', period, legal_entity_id, currency, unbilled_amount + over_cap_amount from unbilled
    union all
    select 'unbilled_time', 'over_cap_amount', period, legal_entity_id, currency, over_cap_amount from unbilled
    union all
    select
        'unbilled_time', 'states', period, legal_entity_id, currency,
        ready_amount + on_hold_amount + on_draft_amount + blocked_amount + over_cap_amount
    from unbilled
    union all
    select 'unbilled_time', 'unbilled_minutes', period, legal_entity_id, null, unbilled_minutes from unbilled
    union all
    select 'invoice_exceptions', 'issued_invoices', period, legal_entity_id, null, issued_invoices from invoices
    union all
    select 'invoice_exceptions', 'issued_amount', period, legal_entity_id, currency, issued_amount from invoices
    union all
    select 'invoice_exceptions', 'exposure_reporting', build.as_of_period, invoices.legal_entity_id, null, invoices.exposure_reporting
    from invoices
    cross join build
    union all
    select 'margin', 'recognized_amount', period, legal_entity_id, currency, recognized_amount from margin
    union all
    select 'margin', 'billed_amount', period, legal_entity_id, currency, billed_amount from margin
    union all
    select 'margin', 'labour_cost', period, legal_entity_id, currency, labour_cost from margin
    union all
    select 'margin', 'expense_cost', period, legal_entity_id, currency, expense_cost from margin
    union all
    select 'margin', 'approved_minutes', period, legal_entity_id, null, approved_minutes from margin
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
