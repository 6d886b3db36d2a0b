with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id in ('expense.erp', 'expense.subcontractor') and is_applicable
),

build as (
    select * from {{ ref('int_build') }}
),

costs as (
    select
        'expense.erp' as leg_id,
        expense_id as item_key,
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
        'expense.subcontractor' as leg_id,
        subcontractor_cost_id as item_key,
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

charges as (
    select
        *,
        counterpart_id as item_key,
        case when charge_type = 'subcontractor' then 'expense.subcontractor' else 'expense.erp' end as leg_id
    from {{ ref('core_charge') }}
),

-- a contract signed after as of is none yet
contracts as (
    select core_contract.*
    from {{ ref('core_contract') }} as core_contract
    cross join build
    where core_contract.is_executed and core_contract.signed_date <= build.as_of_date
),

billing as (
    select * from {{ ref('int_item_billing') }}
    where source_type = 'expense' and posted_lines > 0
),

billed_amounts as (
    select * from {{ ref('int_item_amount') }}
    where source_type = 'expense'
),

active_code as (
    select distinct role_code from {{ ref('core_service_item') }}
    where is_active
),

active_centre as (
    select distinct code from {{ ref('core_cost_centre') }}
    where is_active
),

charged as (
    select
        charges.item_key,
        min(charges.leg_id) as leg_id,
        min(contracts.contract_id) as contract_id,
        min(charges.legal_entity_id) as legal_entity_id,
        min(charges.charge_date) as charge_date,
        min(charges.charge_id) as right_ref,
        max(charges.version_at) as version_at
    from charges
    left join contracts on charges.contract_id = contracts.contract_id
    where charges.item_key is not null
    group by charges.item_key
),

-- the ERP's side of a cost: its charges, or what is billed where there is none
arrived as (
    select
        item_key,
        leg_id,
        contract_id,
        legal_entity_id,
        {{ period_of('charge_date') }} as period,
        {{ date_start('charge_date') }} as event_at,
        right_ref,
        version_at
    from charged
    union all
    select
        billing.item_key,
        'expense.erp' as leg_id,
        contracts.contract_id,
        billing.legal_entity_id,
        billing.first_posting_period as period,
        {{ date_start('billing.first_issue_date') }} as event_at,
        billing.item_key as right_ref,
        billing.version_at
    from billing
    left join contracts on billing.contract_id = contracts.contract_id
    left join charged on billing.item_key = charged.item_key
    where charged.item_key is null
),

arrived_amount as (
    select
        item_key,
        currency,
        sum(amount) as amount
    from charges
    where item_key is not null
    group by item_key, currency
    union all
    select
        billed_amounts.item_key,
        billed_amounts.currency,
        billed_amounts.net_amount as amount
    from billed_amounts
    left join charged on billed_amounts.item_key = charged.item_key
    where charged.item_key is null
),

-- a cost the PSA still holds stands in its period and legal entity
joined as (
    select
        coalesce(costs.item_key, arrived.item_key) as item_key,
        coalesce(costs.leg_id, arrived.leg_id) as leg_id,
        costs.category,
        costs.cost_centre,
        costs.amount,
        costs.currency,
        costs.expense_date,
        coalesce(costs.is_approved, false) as is_approved,
        coalesce(costs.is_approved and costs.is_billable, false) as is_approved_billable,
        coalesce(costs.approved_at, costs.version_at, {{ date_start('costs.expense_date') }}) as approved_at,
        costs.version_at,
        {{ marked_up('costs.amount', 'delivered_contract.expense_markup_percent') }} as billable_amount,
        coalesce(
            costs.is_approved and costs.is_billable and costs.expense_date <= build.as_of_date
            and delivered_contract.contract_id is not null,
            false
        ) as is_eligible,
        delivered_contract.contract_id as delivered_contract_id,
        arrived.contract_id as arrived_contract_id,
        coalesce(costs.qtc_id, delivered_contract.qtc_id) as qtc_id,
        case when costs.item_key is not null then costs.legal_entity_id else arrived.legal_entity_id end as legal_entity_id,
        case when costs.item_key is not null then costs.period else arrived.period end as period,
        arrived.event_at as arrived_at,
        arrived.right_ref,
        arrived.version_at as right_version_at
    from costs
    full outer join arrived on costs.item_key = arrived.item_key
    left join contracts as delivered_contract on costs.contract_id = delivered_contract.contract_id
    cross join build
),

owned as (
    select
        joined.*,
        contracts.contract_id,
        contracts.customer_id,
        contracts.region
    from joined
    left join contracts on coalesce(joined.delivered_contract_id, joined.arrived_contract_id) = contracts.contract_id
),

-- both sides in one currency are one row; amounts in two stand apart, each with its full value
cells as (
    select
        item_key,
        currency,
        billable_amount as left_amount,
        cast(null as decimal(18, 4)) as right_amount
    from owned
    where is_eligible
    union all
    select
        arrived_amount.item_key,
        arrived_amount.currency,
        cast(null as decimal(18, 4)) as left_amount,
        arrived_amount.amount as right_amount
    from arrived_amount
    inner join owned on arrived_amount.item_key = owned.item_key
    where owned.contract_id is not null and arrived_amount.amount <> 0
),

cell as (
    select
        item_key,
        currency,
        sum(left_amount) as left_amount,
        sum(right_amount) as right_amount
    from cells
    group by item_key, currency
),

sided as (
    select
        owned.*,
        cell.currency as row_currency,
        cell.left_amount,
        cell.right_amount,
        coalesce(cell.left_amount, 0) - coalesce(cell.right_amount, 0) as difference,
        max(case when cell.right_amount is not null then 1 else 0 end) over (partition by cell.item_key) = 1 as has_right
    from cell
    inner join owned on cell.item_key = owned.item_key
),

differing as (
    select
        leg.left_instance,
        leg.right_instance,
        sided.*,
        coalesce(billing.posted_amount, 0) as posted_amount,
        case
            when sided.is_eligible and not sided.has_right and active_code.role_code is null then 'unknown_code'
            when sided.is_eligible and not sided.has_right then 'expense_not_transferred'
            when sided.leg_id = 'expense.subcontractor' and not sided.is_approved_billable then 'unapproved_subcontractor_cost'
            else 'amount_mismatch'
        end as break_class,
        case when sided.is_eligible then sided.approved_at else sided.arrived_at end as event_at,
        case
            when sided.is_eligible
                then {{ pending_reason('sided.approved_at', 'sided.version_at', 'sided.right_version_at', 'right') }}
            else {{ pending_reason('sided.arrived_at', 'sided.version_at', 'sided.right_version_at', 'left') }}
        end as pending_reason,
        case
            when sided.is_eligible then {{ due_at('sided.approved_at') }} else {{ due_at('sided.arrived_at') }}
        end as due_at
    from sided
    inner join leg on sided.leg_id = leg.leg_id
    left join billing on sided.item_key = billing.item_key
    left join active_code on upper(sided.category) = active_code.role_code
    where sided.difference <> 0
),

nameless as (
    select
        charges.*,
        contracts.customer_id,
        contracts.region,
        leg.left_instance,
        leg.right_instance
    from charges
    inner join leg on charges.leg_id = leg.leg_id
    left join contracts on charges.contract_id = contracts.contract_id
    where charges.item_key is null
),

misplaced as (
    select
        owned.*,
        leg.left_instance,
        leg.right_instance
    from owned
    inner join leg on owned.leg_id = leg.leg_id
    left join differing on owned.item_key = differing.item_key
    left join active_centre on owned.cost_centre = active_centre.code
    where
        owned.is_approved and owned.expense_date <= leg.as_of_date
        and active_centre.code is null and differing.item_key is null
)

select
    'expense' as rule_id,
    leg_id as leg,
    'amount' as measure,
    case when pending_reason is not null then 'timing' else 'break' end as kind,
    break_class,
    item_key as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'delivery' as workflow_stage,
    period,
    row_currency as currency,
    left_instance as left_system,
    case when left_amount is not null then item_key end as left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    case when right_amount is not null then right_ref end as right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    event_at,
    due_at,
    pending_reason,
    case break_class
        when 'unknown_code' then 'the category has no active item in the ERP'
        when 'expense_not_transferred' then 'approved billable cost has not arrived in the ERP'
        when 'unapproved_subcontractor_cost' then 'the ERP holds subcontractor cost that is not approved, or gone'
        else 'the two systems hold different billable amounts'
    end as failure_reason,
    -- where the amounts stand apart, what was delivered speaks for both
    case when left_amount is not null or not is_eligible then 'expense:' || item_key end as exposure_item,
    cast(case
        when break_class = 'unapproved_subcontractor_cost' then greatest(posted_amount, 0)
        when difference > 0 then difference
        when posted_amount > 0 then -difference
        else 0
    end as decimal(18, 4)) as exposure_amount,
    row_currency as exposure_currency,
    case when is_eligible and difference > 0 then 'leakage' else 'overbilling' end as exposure_base
from differing
union all
select
    'expense' as rule_id,
    leg_id as leg,
    'amount' as measure,
    'unexplained' as kind,
    cast(null as {{ dbt.type_string() }}) as break_class,
    charge_id as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'delivery' as workflow_stage,
    {{ period_of('charge_date') }} as period,
    currency,
    left_instance as left_system,
    cast(null as {{ dbt.type_string() }}) as left_ref,
    cast(null as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    charge_id as right_ref,
    cast(amount as decimal(18, 4)) as right_amount,
    cast(-amount as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    {{ date_start('charge_date') }} as event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    'the charge names no cost of the PSA' as failure_reason,
    cast(null as {{ dbt.type_string() }}) as exposure_item,
    cast(null as decimal(18, 4)) as exposure_amount,
    cast(null as {{ dbt.type_string() }}) as exposure_currency,
    cast(null as {{ dbt.type_string() }}) as exposure_base
from nameless
union all
select
    'expense' as rule_id,
    leg_id as leg,
    'amount' as measure,
    'condition' as kind,
    'invalid_cost_centre' as break_class,
    item_key as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'delivery' as workflow_stage,
    period,
    currency,
    left_instance as left_system,
    item_key as left_ref,
    cast(amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    right_ref,
    cast(amount as decimal(18, 4)) as right_amount,
    cast(0 as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    approved_at as event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    'the cost stands on no active cost centre of the ERP' as failure_reason,
    'expense:' || item_key as exposure_item,
    cast(amount as decimal(18, 4)) as exposure_amount,
    currency as exposure_currency,
    'misstatement' as exposure_base
from misplaced
