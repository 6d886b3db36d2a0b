with leg as (
    select * from {{ ref('int_leg') }}
    where is_applicable
),

build as (
    select * from {{ ref('int_build') }}
),

-- a contract signed after as of is none yet
contracts as (
    select core_contract.*
    from {{ ref('core_contract') }} as core_contract
    cross join build
    where core_contract.is_executed and core_contract.signed_date <= build.as_of_date
),

currencies as (
    select * from {{ ref('core_currency') }}
),

entries as (
    select * from {{ ref('core_time_entry') }}
    where system_role = 'psa' and is_approved and is_billable and contract_rate is not null
),

costs as (
    select
        'expense.erp' as leg,
        expense_id as item_key,
        contract_id,
        legal_entity_id,
        expense_date,
        period,
        currency,
        amount,
        is_approved and is_billable as is_approved_billable
    from {{ ref('core_expense') }}
    union all
    select
        'expense.subcontractor' as leg,
        subcontractor_cost_id as item_key,
        contract_id,
        legal_entity_id,
        expense_date,
        period,
        currency,
        amount,
        is_approved and is_billable as is_approved_billable
    from {{ ref('core_subcontractor_cost') }}
),

charges as (
    select * from {{ ref('core_charge') }}
),

milestones as (
    select * from {{ ref('core_milestone') }}
),

-- items as billed up to the period of as of, by document currency
item_line as (
    select
        lines.source_type,
        lines.source_item_id,
        invoices.currency,
        min(invoices.contract_id) as contract_id,
        min(invoices.legal_entity_id) as legal_entity_id,
        min(coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }})) as period,
        sum(lines.minutes) as minutes,
        sum(lines.net_amount) as net_amount
    from {{ ref('core_invoice_line') }} as lines
    inner join {{ ref('core_invoice') }} as invoices on lines.invoice_id = invoices.invoice_id
    cross join build
    where
        lines.source_type in ('time', 'expense', 'milestone')
        and invoices.is_posted and not invoices.is_void
        and coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) <= build.as_of_period
    group by lines.source_type, lines.source_item_id, invoices.currency
),

-- the contract and its currency are attributes of the entry: all that is looked up
rated as (
    select
        entries.*,
        contracts.currency as contract_currency,
        currencies.minor_unit
    from entries
    inner join contracts on entries.contract_id = contracts.contract_id
    left join currencies on contracts.currency = currencies.currency_id
    cross join build
    where contracts.billing_type = 'time_and_materials' and entries.work_date <= build.as_of_date
),

rate_total as (
    select
        'bill_rate.psa' as leg,
        period,
        legal_entity_id,
        contract_currency as currency,
        sum(contract_value) as left_total,
        sum(coalesce({{ minutes_value('minutes', 'rate', 'minor_unit') }}, 0)) as right_total
    from rated
    where rate is null or currency = contract_currency
    group by period, legal_entity_id, contract_currency
    union all
    select
        'bill_rate.erp' as leg,
        rated.period,
        rated.legal_entity_id,
        item_line.currency,
        sum({{ minutes_value('item_line.minutes', 'rated.contract_rate', 'rated.minor_unit') }}) as left_total,
        sum(item_line.net_amount) as right_total
    from item_line
    inner join rated on item_line.source_item_id = rated.time_entry_id and item_line.currency = rated.contract_currency
    where item_line.source_type = 'time' and item_line.minutes > 0
    group by rated.period, rated.legal_entity_id, item_line.currency
),

approved_cost as (
    select
        costs.leg,
        costs.period,
        costs.legal_entity_id,
        costs.currency,
        sum({{ marked_up('costs.amount', 'contracts.expense_markup_percent') }}) as left_total,
        0 as right_total
    from costs
    inner join contracts on costs.contract_id = contracts.contract_id
    cross join build
    where costs.is_approved_billable and costs.expense_date <= build.as_of_date
    group by costs.leg, costs.period, costs.legal_entity_id, costs.currency
),

charged as (
    select distinct counterpart_id as item_key from charges
    where counterpart_id is not null
),

held_cost as (
    select
        charges.counterpart_id as item_key,
        charges.charge_type,
        charges.contract_id,
        charges.legal_entity_id,
        {{ period_of('charges.charge_date') }} as period,
        charges.currency,
        charges.amount
    from charges
    union all
    select
        item_line.source_item_id as item_key,
        'expense' as charge_type,
        item_line.contract_id,
        item_line.legal_entity_id,
        item_line.period,
        item_line.currency,
        item_line.net_amount as amount
    from item_line
    left join charged on item_line.source_item_id = charged.item_key
    where item_line.source_type = 'expense' and charged.item_key is null
),

-- charges of one cost count together, and for it: of several contracts, entities or days the first is the cost's
held_group as (
    select
        item_key,
        max(charge_type) as charge_type,
        min(contracts.contract_id) as contract_id,
        min(held_cost.legal_entity_id) as legal_entity_id,
        min(held_cost.period) as period
    from held_cost
    left join contracts on held_cost.contract_id = contracts.contract_id
    where held_cost.item_key is not null
    group by item_key
),

-- a cost the PSA still holds counts in its period and legal entity
arrived_cost as (
    select
        coalesce(costs.leg, case when held_group.charge_type = 'subcontractor' then 'expense.subcontractor' else 'expense.erp' end) as leg,
        case when costs.item_key is not null then costs.period else held_group.period end as period,
        case when costs.item_key is not null then costs.legal_entity_id else held_group.legal_entity_id end as legal_entity_id,
        held_cost.currency,
        0 as left_total,
        sum(held_cost.amount) as right_total
    from held_cost
    inner join held_group on held_cost.item_key = held_group.item_key
    left join costs on held_cost.item_key = costs.item_key
    left join contracts on costs.contract_id = contracts.contract_id
    where coalesce(contracts.contract_id, held_group.contract_id) is not null
    group by 1, 2, 3, 4
    union all
    select
        case when charge_type = 'subcontractor' then 'expense.subcontractor' else 'expense.erp' end as leg,
        period,
        legal_entity_id,
        currency,
        0 as left_total,
        sum(amount) as right_total
    from held_cost
    where item_key is null
    group by 1, 2, 3, 4
),

accepted_milestone as (
    select
        'milestone.erp' as leg,
        {{ period_of('milestones.accepted_date') }} as period,
        milestones.legal_entity_id,
        milestones.currency,
        sum(milestones.amount) as left_total,
        0 as right_total
    from milestones
    inner join contracts on milestones.contract_id = contracts.contract_id
    cross join build
    where milestones.is_accepted and milestones.accepted_date <= build.as_of_date
    group by {{ period_of('milestones.accepted_date') }}, milestones.legal_entity_id, milestones.currency
),

billed_line as (
    select
        item_line.net_amount,
        item_line.currency,
        min(item_line.period) over (partition by item_line.source_item_id) as period,
        min(item_line.legal_entity_id) over (partition by item_line.source_item_id) as legal_entity_id,
        min(billed_contract.contract_id) over (partition by item_line.source_item_id) as billed_contract_id,
        delivered_contract.contract_id as delivered_contract_id,
        {{ period_of('milestones.accepted_date') }} as accepted_period,
        milestones.legal_entity_id as delivered_entity_id,
        coalesce(
            milestones.is_accepted and milestones.accepted_date <= build.as_of_date and delivered_contract.contract_id is not null, false
        ) as is_accepted
    from item_line
    cross join build
    left join milestones on item_line.source_item_id = milestones.milestone_id
    left join contracts as delivered_contract on milestones.contract_id = delivered_contract.contract_id
    left join contracts as billed_contract on item_line.contract_id = billed_contract.contract_id
    where item_line.source_type = 'milestone'
),

-- what is accepted counts where it was accepted, the rest where it is billed
billed_milestone as (
    select
        'milestone.erp' as leg,
        case when is_accepted then accepted_period else period end as period,
        case when is_accepted then delivered_entity_id else legal_entity_id end as legal_entity_id,
        currency,
        0 as left_total,
        sum(net_amount) as right_total
    from billed_line
    where coalesce(delivered_contract_id, billed_contract_id) is not null
    group by 1, 2, 3, 4
),

totals as (
    select * from rate_total
    union all
    select * from approved_cost
    union all
    select * from arrived_cost
    union all
    select * from accepted_milestone
    union all
    select * from billed_milestone
)

select
    totals.leg,
    'amount' as measure,
    totals.period,
    totals.legal_entity_id,
    totals.currency,
    totals.left_total,
    totals.right_total
from totals
inner join leg on totals.leg = leg.leg_id
