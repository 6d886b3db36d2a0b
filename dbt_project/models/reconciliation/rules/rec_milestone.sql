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

joined as (
    select
        leg.*,
        coalesce(milestones.milestone_id, billing.item_key) as item_key,
        milestones.milestone_id is not null as has_delivered,
        coalesce(delivered_contract.contract_id, billed_contract.contract_id) as contract_id,
        coalesce(delivered_contract.qtc_id, billed_contract.qtc_id) as qtc_id,
        coalesce(delivered_contract.customer_id, billed_contract.customer_id) as customer_id,
        coalesce(delivered_contract.region, billed_contract.region) as region,
        case when milestones.milestone_id is not null then milestones.legal_entity_id else billing.legal_entity_id end as legal_entity_id,
        coalesce({{ period_of('milestones.accepted_date') }}, billing.first_posting_period) as period,
        milestones.currency,
        milestones.amount,
        milestones.version_at,
        case when coalesce(milestones.is_accepted, false) then {{ date_start('milestones.accepted_date') }} end as accepted_at,
        coalesce(milestones.is_accepted, false) as is_accepted,
        coalesce(
            milestones.is_accepted and milestones.accepted_date <= leg.as_of_date and delivered_contract.contract_id is not null, false
        ) as is_eligible,
        {{ date_start('billing.first_issue_date') }} as billed_at,
        coalesce(billing.posted_amount, 0) as billed_amount,
        billing.currency as billed_currency,
        coalesce(billing.posted_invoice_lines, 0) as posted_invoice_lines,
        coalesce(billing.agreed_credit, 0) as agreed_credit,
        billing.version_at as billing_version_at
    from milestones
    full outer join billing on milestones.milestone_id = billing.item_key
    cross join leg
    left join contracts as delivered_contract on milestones.contract_id = delivered_contract.contract_id
    left join contracts as billed_contract on billing.contract_id = billed_contract.contract_id
),

-- both sides in one currency are one row; amounts in two stand apart, each with its full value
sided as (
    select
        leg.*,
        leg.currency as row_currency,
        leg.item_key as left_ref,
        leg.amount as left_amount,
        case when leg.billed_currency = leg.currency then leg.billed_amount end as right_amount
    from joined as leg
    where leg.is_eligible
    union all
    select
        leg.*,
        leg.billed_currency as row_currency,
        cast(null as {{ dbt.type_string() }}) as left_ref,
        cast(null as decimal(18, 4)) as left_amount,
        leg.billed_amount as right_amount
    from joined as leg
    where
        leg.billed_amount <> 0 and leg.contract_id is not null
        and not coalesce(leg.is_eligible and leg.billed_currency = leg.currency, false)
),

differing as (
    select
        leg.*,
        coalesce(leg.left_amount, 0) - coalesce(leg.right_amount, 0) as difference
    from sided as leg
    where coalesce(leg.left_amount, 0) <> coalesce(leg.right_amount, 0)
),

named as (
    select
        leg.*,
        case
            when leg.is_eligible and leg.billed_amount = 0 then 'milestone_unbilled'
            when leg.is_eligible and leg.posted_invoice_lines > 1 and leg.right_amount > leg.left_amount and leg.left_amount > 0
                then 'milestone_billed_twice'
            when not leg.is_accepted then 'rejected_milestone_billed'
            when leg.difference = leg.agreed_credit then 'agreed_discount'
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
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'billing' as workflow_stage,
    period,
    row_currency as currency,
    left_instance as left_system,
    left_ref,
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
    cast(abs(difference) as decimal(18, 4)) as exposure_amount,
    row_currency as exposure_currency,
    case
        when break_class = 'milestone_unbilled' then 'delay'
        when break_class = 'milestone_amount_mismatch' and difference > 0 then 'leakage'
        else 'overbilling'
    end as exposure_base
from named
