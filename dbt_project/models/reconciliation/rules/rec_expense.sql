with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id in ('expense.erp', 'expense.subcontractor') and is_applicable
),

items as (
    select * from {{ ref('int_cost_item') }}
),

charges as (
    select * from {{ ref('core_charge') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

active_code as (
    select distinct role_code from {{ ref('core_service_item') }}
    where is_active
),

active_centre as (
    select distinct code from {{ ref('core_cost_centre') }}
    where is_active
),

suspect as (
    select
        items.*,
        coalesce(items.is_eligible and items.right_currency = items.currency, false) as is_same_currency
    from items
    where
        (items.is_eligible or items.has_right)
        and not coalesce(
            items.is_eligible and items.has_right
            and items.right_currency = items.currency and items.right_amount = items.billable_amount,
            false
        )
),

named as (
    select
        suspect.*,
        leg.left_instance,
        leg.right_instance,
        case
            when suspect.is_eligible and not suspect.has_right and active_code.role_code is null then 'unknown_code'
            when suspect.is_eligible and not suspect.has_right then 'expense_not_transferred'
            when
                suspect.leg_id = 'expense.subcontractor'
                and not suspect.is_approved_billable
                then 'unapproved_subcontractor_cost'
            else 'amount_mismatch'
        end as break_class,
        case when suspect.is_eligible then suspect.approved_at else suspect.right_event_at end as event_at,
        case
            when suspect.is_eligible
                then {{ pending_reason('suspect.approved_at', 'suspect.version_at', 'suspect.right_version_at', 'right') }}
            else {{ pending_reason('suspect.right_event_at', 'suspect.version_at', 'suspect.right_version_at', 'left') }}
        end as pending_reason,
        case
            when suspect.is_eligible then {{ due_at('suspect.approved_at') }} else {{ due_at('suspect.right_event_at') }}
        end as due_at
    from suspect
    inner join leg on suspect.leg_id = leg.leg_id
    left join active_code on upper(suspect.category) = active_code.role_code
),

-- both sides in one currency are one row; amounts in two stand apart, each with its full value
sided as (
    select
        named.*,
        named.currency as row_currency,
        named.item_key as left_ref,
        named.billable_amount as left_amount,
        case when named.is_same_currency then named.right_ref end as shown_right_ref,
        case when named.is_same_currency then named.right_amount end as shown_right_amount
    from named
    where named.is_eligible
    union all
    select
        named.*,
        named.right_currency as row_currency,
        case when named.has_delivered then named.item_key end as left_ref,
        cast(null as decimal(18, 4)) as left_amount,
        named.right_ref as shown_right_ref,
        named.right_amount as shown_right_amount
    from named
    where named.has_right and not named.is_same_currency
),

differing as (
    select
        sided.*,
        coalesce(sided.left_amount, 0) - coalesce(sided.shown_right_amount, 0) as difference
    from sided
),

nameless as (
    select
        charges.*,
        contracts.customer_id,
        contracts.region,
        leg.leg_id,
        leg.left_instance,
        leg.right_instance
    from charges
    inner join contracts on charges.contract_id = contracts.contract_id
    inner join leg
        on leg.leg_id = case when charges.charge_type = 'subcontractor' then 'expense.subcontractor' else 'expense.erp' end
    where charges.counterpart_source_id is null and charges.amount <> 0
),

misplaced as (
    select
        items.*,
        leg.left_instance,
        leg.right_instance
    from items
    inner join leg on items.leg_id = leg.leg_id
    left join differing on items.item_key = differing.item_key and differing.difference <> 0
    left join active_centre on items.cost_centre = active_centre.code
    where
        items.is_approved and items.expense_date <= leg.as_of_date
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
    left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    shown_right_ref as right_ref,
    cast(shown_right_amount as decimal(18, 4)) as right_amount,
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
        when break_class = 'unapproved_subcontractor_cost' then posted_amount
        when difference > 0 then difference
        when posted_amount <> 0 then -difference
        else 0
    end as decimal(18, 4)) as exposure_amount,
    case when break_class = 'unapproved_subcontractor_cost' then coalesce(posted_currency, row_currency) else row_currency end
        as exposure_currency,
    case when break_class <> 'unapproved_subcontractor_cost' and difference > 0 then 'leakage' else 'overbilling' end as exposure_base
from differing
where difference <> 0
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
