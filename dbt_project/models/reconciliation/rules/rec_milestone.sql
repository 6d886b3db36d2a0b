with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'milestone.erp' and is_applicable
),

milestones as (
    select * from {{ ref('core_milestone') }}
),

-- a contract signed after as of is none yet
contracts as (
    select core_contract.*
    from {{ ref('core_contract') }} as core_contract
    cross join {{ ref('int_build') }} as build
    where core_contract.is_executed and core_contract.signed_date <= build.as_of_date
),

billing as (
    select * from {{ ref('int_item_billing') }}
    where source_type = 'milestone' and posted_lines > 0
),

billed_amounts as (
    select * from {{ ref('int_item_amount') }}
    where source_type = 'milestone' and net_amount <> 0
),

-- what is not accepted stands where it is billed
joined as (
    select
        leg.*,
        coalesce(milestones.milestone_id, billing.item_key) as item_key,
        coalesce(delivered_contract.contract_id, billed_contract.contract_id) as contract_id,
        coalesce(delivered_contract.qtc_id, billed_contract.qtc_id) as qtc_id,
        coalesce(delivered_contract.customer_id, billed_contract.customer_id) as customer_id,
        case when delivered_contract.contract_id is not null then delivered_contract.region else billed_contract.region end as region,
        milestones.legal_entity_id as delivered_entity_id,
        billing.legal_entity_id as billed_entity_id,
        {{ period_of('milestones.accepted_date') }} as accepted_period,
        billing.first_posting_period,
        milestones.currency,
        milestones.amount,
        milestones.version_at,
        {{ date_start('milestones.accepted_date') }} as accepted_at,
        coalesce(
            milestones.is_accepted and milestones.accepted_date <= leg.as_of_date and delivered_contract.contract_id is not null, false
        ) as is_eligible,
        {{ date_start('billing.first_issue_date') }} as billed_at,
        coalesce(billing.posted_invoices, 0) as posted_invoices,
        coalesce(billing.agreed_credit, 0) as agreed_credit,
        billing.version_at as billing_version_at
    from milestones
    full outer join billing on milestones.milestone_id = billing.item_key
    cross join leg
    left join contracts as delivered_contract on milestones.contract_id = delivered_contract.contract_id
    left join contracts as billed_contract on billing.contract_id = billed_contract.contract_id
),

-- both sides in one currency are one row; amounts in two stand apart, each with its full value
cells as (
    select
        item_key,
        currency,
        amount as left_amount,
        cast(null as decimal(18, 4)) as right_amount
    from joined
    where is_eligible
    union all
    select
        billed_amounts.item_key,
        billed_amounts.currency,
        cast(null as decimal(18, 4)) as left_amount,
        billed_amounts.net_amount as right_amount
    from billed_amounts
    inner join joined on billed_amounts.item_key = joined.item_key
    where joined.contract_id is not null
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

differing as (
    select
        leg.*,
        cell.currency as row_currency,
        cell.left_amount,
        cell.right_amount,
        coalesce(cell.left_amount, 0) - coalesce(cell.right_amount, 0) as difference,
        own_cell.left_amount as own_left,
        own_cell.right_amount as own_right,
        max(case when cell.right_amount is not null then 1 else 0 end) over (partition by cell.item_key) = 1 as is_billed
    from cell
    inner join joined as leg on cell.item_key = leg.item_key
    left join cell as own_cell on cell.item_key = own_cell.item_key and own_cell.left_amount is not null
),

named as (
    select
        leg.*,
        case
            when not leg.is_eligible then 'rejected_milestone_billed'
            when not leg.is_billed then 'milestone_unbilled'
            when leg.posted_invoices > 1 and leg.own_right > leg.own_left and leg.own_left > 0 then 'milestone_billed_twice'
            when leg.agreed_credit <> 0 and leg.own_left - coalesce(leg.own_right, 0) = leg.agreed_credit then 'agreed_discount'
            else 'milestone_amount_mismatch'
        end as break_class,
        case
            when leg.is_eligible
                then {{ pending_reason('leg.accepted_at', 'leg.version_at', 'leg.billing_version_at', 'right') }}
            else {{ pending_reason('leg.billed_at', 'leg.version_at', 'leg.billing_version_at', 'left') }}
        end as pending_reason,
        case when leg.is_eligible then leg.accepted_at else leg.billed_at end as event_at,
        case when leg.is_eligible then {{ due_at('leg.accepted_at') }} else {{ due_at('leg.billed_at') }} end as due_at
    from differing as leg
    where leg.difference <> 0
)

select
    'milestone' as rule_id,
    'milestone.erp' as leg,
    'amount' as measure,
    case
        when break_class = 'agreed_discount' then 'reconciling'
        when pending_reason is not null then 'timing'
        else 'break'
    end as kind,
    break_class,
    item_key as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    case when is_eligible then delivered_entity_id else billed_entity_id end as legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'billing' as workflow_stage,
    case when is_eligible then accepted_period else first_posting_period end as period,
    row_currency as currency,
    left_instance as left_system,
    case when left_amount is not null then item_key end as left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    case when right_amount is not null then item_key end as right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    event_at,
    case when break_class <> 'agreed_discount' then due_at end as due_at,
    case when break_class <> 'agreed_discount' then pending_reason end as pending_reason,
    case break_class
        when 'milestone_unbilled' then 'an accepted milestone is not billed'
        when 'milestone_billed_twice' then 'the milestone is billed more than once'
        when 'rejected_milestone_billed' then 'a milestone is billed that nobody accepted'
        when 'agreed_discount' then 'part of the milestone was credited as a courtesy'
        else 'milestone and billing differ in amount'
    end as failure_reason,
    -- where the amounts stand apart, what was delivered speaks for both
    case when left_amount is not null or not is_eligible then 'milestone:' || item_key end as exposure_item,
    cast(case when is_eligible then abs(difference) else greatest(-difference, 0) end as decimal(18, 4)) as exposure_amount,
    row_currency as exposure_currency,
    case
        when break_class = 'milestone_unbilled' then 'delay'
        when break_class = 'milestone_amount_mismatch' and difference > 0 then 'leakage'
        else 'overbilling'
    end as exposure_base
from named
