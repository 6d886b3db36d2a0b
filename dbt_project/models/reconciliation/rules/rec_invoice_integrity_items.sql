with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'invoice_integrity.items' and is_applicable
),

billed_items as (
    select * from {{ ref('int_billed_item') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

compared as (
    select
        billed_items.*,
        billed_items.billed - coalesce(billed_items.delivered, 0) as difference,
        leg.right_instance,
        leg.as_of_period,
        {{ torn_reason('billed_items.version_at', 'billed_items.version_at') }} as pending_reason
    from billed_items
    cross join leg
),

named as (
    select
        compared.*,
        case
            when compared.delivered is null and compared.source_type in ('time', 'expense', 'milestone') then 'source_removed'
            when compared.delivered is null then null
            when compared.billed < compared.delivered then 'partly_billed'
            when compared.source_type in ('expense', 'milestone') and compared.posted_invoice_lines < 2 then 'amount_differs'
            else 'item_billed_twice'
        end as break_class
    from compared
    where compared.difference <> 0
)

select
    'invoice_integrity' as rule_id,
    'invoice_integrity.items' as leg,
    named.measure,
    case
        when named.break_class is null then 'unexplained'
        when named.break_class in ('source_removed', 'partly_billed', 'amount_differs') then 'reconciling'
        when named.pending_reason is not null then 'timing'
        else 'break'
    end as kind,
    named.break_class,
    named.source_type || ':' || named.item_key as grain_key,
    contracts.qtc_id,
    named.contract_id,
    contracts.customer_id,
    named.legal_entity_id,
    coalesce(contracts.region, 'unassigned') as region,
    'billing' as workflow_stage,
    named.as_of_period as period,
    named.currency,
    named.right_instance as left_system,
    named.item_key as left_ref,
    cast(named.billed as decimal(18, 4)) as left_amount,
    named.right_instance as right_system,
    named.item_key as right_ref,
    cast(named.delivered as decimal(18, 4)) as right_amount,
    cast(named.difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as due_at,
    case when named.break_class = 'item_billed_twice' then named.pending_reason end as pending_reason,
    case named.break_class
        when 'source_removed' then 'the billed item is gone in the PSA, see its own rule'
        when 'partly_billed' then 'part of the item is billed'
        when 'amount_differs' then 'billed once, with another amount, see expense and milestone'
        when 'item_billed_twice' then 'more of the item is billed than was delivered'
        else 'the billed item is not known'
    end as failure_reason
from named
left join contracts on named.contract_id = contracts.contract_id
