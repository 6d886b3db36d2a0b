with found as (
    select * from {{ ref('rec_activation') }}
    where kind in ('break', 'condition')
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

time_items as (
    select * from {{ ref('int_time_item') }}
    where has_delivered and is_approved_billable
),

currencies as (
    select * from {{ ref('core_currency') }}
),

contract_item as (
    select
        found.rule_id,
        found.leg,
        found.grain_key,
        found.break_class,
        'contract:' || found.contract_id as item_key,
        case when found.break_class = 'won_without_project' then greatest(positions.contract_value - positions.billed_amount, 0) else 0 end
            as amount,
        positions.currency,
        case when found.break_class = 'won_without_project' then 'delay' else 'control' end as base
    from found
    inner join positions on found.contract_id = positions.contract_id
    where found.break_class <> 'project_without_contract'
),

-- unbilled time of the project (PSA), or of the entries that the ERP holds on it, at the rate the entries carry
open_time as (
    select
        found.rule_id,
        found.leg,
        found.grain_key,
        found.break_class,
        time_items.item_key,
        time_items.rate_currency as currency,
        {{ minutes_value(
            'greatest(time_items.minutes - time_items.posted_minutes, 0)', 'time_items.rate', 'currencies.minor_unit'
        ) }} as amount
    from found
    inner join time_items
        on found.grain_key = case when found.leg = 'activation.psa' then time_items.project_id else time_items.right_project_id end
    left join currencies on time_items.rate_currency = currencies.currency_id
    where found.break_class = 'project_without_contract'
),

time_entry_item as (
    select
        rule_id,
        leg,
        grain_key,
        break_class,
        'time_entry:' || item_key as item_key,
        amount,
        currency,
        'leakage' as base
    from open_time
    where amount > 0
)

select * from contract_item
union all
select * from time_entry_item
