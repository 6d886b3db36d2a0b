with build as (
    select * from {{ ref('int_build') }}
),

leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'expense.erp'
),

-- a contract signed after as of is none yet
contracts as (
    select core_contract.*
    from {{ ref('core_contract') }} as core_contract
    cross join build
    where core_contract.is_executed and core_contract.signed_date <= build.as_of_date
),

charges as (
    select * from {{ ref('core_charge') }}
),

billing as (
    select * from {{ ref('int_item_billing') }}
    where source_type = 'expense'
),

costs as (
    select
        expense_id as item_key,
        'expense.erp' as leg_id,
        project_id,
        contract_id,
        qtc_id,
        expense_date,
        period,
        amount,
        currency,
        category,
        cost_centre,
        is_billable,
        is_approved,
        approved_at,
        legal_entity_id,
        version_at
    from {{ ref('core_expense') }}
    union all
    select
        subcontractor_cost_id as item_key,
        'expense.subcontractor' as leg_id,
        project_id,
        contract_id,
        qtc_id,
        expense_date,
        period,
        amount,
        currency,
        category,
        cost_centre,
        is_billable,
        is_approved,
        approved_at,
        legal_entity_id,
        version_at
    from {{ ref('core_subcontractor_cost') }}
),

delivered as (
    select
        costs.item_key,
        costs.leg_id,
        contracts.contract_id,
        coalesce(costs.qtc_id, contracts.qtc_id) as qtc_id,
        contracts.customer_id,
        contracts.region,
        costs.legal_entity_id,
        costs.expense_date,
        costs.period,
        costs.category,
        costs.cost_centre,
        costs.amount,
        costs.currency,
        costs.is_approved,
        costs.is_approved and costs.is_billable as is_approved_billable,
        coalesce(costs.approved_at, costs.version_at, {{ date_start('costs.expense_date') }}) as approved_at,
        costs.version_at,
        {{ marked_up('costs.amount', 'contracts.expense_markup_percent') }} as billable_amount
    from costs
    left join contracts on costs.contract_id = contracts.contract_id
),

charged as (
    select
        leg.left_instance || ':' || charges.counterpart_source_id as item_key,
        min(charges.charge_id) as charge_ref,
        max(charges.charge_type) as charge_type,
        min(charges.contract_id) as contract_id,
        min(charges.legal_entity_id) as legal_entity_id,
        min(charges.charge_date) as charge_date,
        min(charges.currency) as currency,
        sum(charges.amount) as amount,
        max(charges.version_at) as version_at
    from charges
    cross join leg
    where charges.counterpart_source_id is not null
    group by leg.left_instance || ':' || charges.counterpart_source_id
),

joined as (
    select
        coalesce(delivered.item_key, charged.item_key, billing.item_key) as item_key,
        coalesce(delivered.leg_id, case when charged.charge_type = 'subcontractor' then 'expense.subcontractor' else 'expense.erp' end)
            as leg_id,
        delivered.item_key is not null as has_delivered,
        coalesce(delivered.contract_id, case when charged.item_key is not null then charged.contract_id else billing.contract_id end)
            as contract_id,
        delivered.contract_id is not null as has_contract,
        delivered.qtc_id,
        delivered.customer_id,
        delivered.region,
        case
            when delivered.item_key is not null then delivered.legal_entity_id
            else coalesce(charged.legal_entity_id, billing.legal_entity_id)
        end as legal_entity_id,
        delivered.expense_date,
        case
            when delivered.item_key is not null then delivered.period
            else coalesce({{ period_of('charged.charge_date') }}, billing.first_posting_period)
        end as period,
        delivered.category,
        delivered.cost_centre,
        delivered.amount,
        delivered.currency,
        coalesce(delivered.is_approved, false) as is_approved,
        coalesce(delivered.is_approved_billable, false) as is_approved_billable,
        delivered.approved_at,
        delivered.version_at,
        delivered.billable_amount,
        coalesce(charged.charge_ref, case when billing.posted_amount <> 0 then billing.item_key end) as right_ref,
        case when charged.item_key is not null then charged.amount when billing.posted_amount <> 0 then billing.posted_amount end
            as right_amount,
        case when charged.item_key is not null then charged.currency else billing.currency end as right_currency,
        coalesce({{ date_start('charged.charge_date') }}, {{ date_start('billing.first_issue_date') }}) as right_event_at,
        coalesce(charged.version_at, billing.version_at) as right_version_at,
        coalesce(billing.posted_amount, 0) as posted_amount,
        billing.currency as posted_currency
    from delivered
    full outer join charged on delivered.item_key = charged.item_key
    full outer join billing on coalesce(delivered.item_key, charged.item_key) = billing.item_key
)

select
    joined.*,
    joined.is_approved_billable and joined.has_contract and joined.expense_date <= build.as_of_date as is_eligible,
    joined.right_amount is not null and joined.contract_id is not null as has_right
from joined
cross join build
