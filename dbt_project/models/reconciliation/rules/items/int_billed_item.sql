with time_items as (
    select * from {{ ref('int_time_item') }}
    where posted_lines > 0
),

billing as (
    select * from {{ ref('int_item_billing') }}
    where posted_lines > 0 and source_type <> 'time'
),

milestones as (
    select * from {{ ref('core_milestone') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

-- a cost is passed on with the mark-up of its contract
costs as (
    select
        expense_id as item_key,
        contract_id,
        amount
    from {{ ref('core_expense') }}
    union all
    select
        subcontractor_cost_id as item_key,
        contract_id,
        amount
    from {{ ref('core_subcontractor_cost') }}
),

chargeable as (
    select
        costs.item_key,
        {{ marked_up('costs.amount', 'contracts.expense_markup_percent') }} as amount
    from costs
    left join contracts on costs.contract_id = contracts.contract_id
),

schedules as (
    select * from {{ ref('core_billing_schedule') }}
),

-- delivered is what the PSA holds, or the ERP's own time bill where the entry is gone
billed_time as (
    select
        item_key,
        'time' as source_type,
        'minutes' as measure,
        cast(null as {{ dbt.type_string() }}) as currency,
        posted_currency,
        posted_contract_id as contract_id,
        posted_legal_entity_id as legal_entity_id,
        posted_lines,
        posted_invoice_lines,
        cast(posted_minutes as decimal(18, 4)) as billed,
        cast(case when has_delivered then minutes when has_bill then right_minutes end as decimal(18, 4)) as delivered,
        billing_version_at as version_at
    from time_items
),

billed_amount as (
    select
        billing.item_key,
        billing.source_type,
        'amount' as measure,
        billing.currency,
        billing.currency as posted_currency,
        billing.contract_id,
        billing.legal_entity_id,
        billing.posted_lines,
        billing.posted_invoice_lines,
        billing.posted_amount as billed,
        coalesce(milestones.amount, chargeable.amount, schedules.amount) as delivered,
        billing.version_at
    from billing
    left join milestones on billing.item_key = milestones.milestone_id and billing.source_type = 'milestone'
    left join chargeable on billing.item_key = chargeable.item_key and billing.source_type = 'expense'
    left join schedules
        on billing.item_key = schedules.billing_schedule_id and billing.source_type not in ('milestone', 'expense', 'none')
)

select * from billed_time
union all
select * from billed_amount
