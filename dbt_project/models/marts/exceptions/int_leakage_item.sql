with build as (
    select * from {{ ref('int_build') }}
),

breaks as (
    select * from {{ ref('rec_break') }}
),

items as (
    select * from {{ ref('rec_exposure_item') }}
),

leaking as (
    select
        breaks.*,
        case split_part(breaks.leg, '.', 1)
            when 'approved_time' then 'time'
            when 'activation' then 'contracts'
            when 'contract_value' then 'contracts'
            when 'bill_rate' then 'rates'
            when 'expense' then 'expenses'
            when 'milestone' then 'milestones'
            when 'billing_terms' then 'terms'
        end as rule_group
    from breaks
    cross join build
    where breaks.base = 'leakage' or (breaks.base = 'delay' and (breaks.due_at is null or breaks.due_at < build.as_of))
),

-- an exception carries the items it is the primary of; one without any carries nothing
carried as (
    select
        leaking.rule_group,
        leaking.exception_id,
        leaking.legal_entity_id,
        coalesce(leaking.region, 'unassigned') as region,
        leaking.practice,
        items.item_key,
        split_part(items.item_key, ':', 1) as item_kind,
        case when items.amount = 0 or leaking.primary_items = 0 then 0 else items.amount_reporting end as amount
    from leaking
    left join items
        on
            leaking.rule_id = items.rule_id
            and leaking.leg = items.leg
            and leaking.grain_key = items.grain_key
            and items.is_primary
    where leaking.rule_group is not null
),

named as (
    select
        carried.*,
        substr(item_key, length(item_kind) + 2) as item_id
    from carried
),

records as (
    select
        'time_entry' as item_kind,
        time_entry_id as item_id,
        {{ source_columns('core_time_entry') }}
    from {{ ref('core_time_entry') }} as core_time_entry
    union all
    select
        'contract' as item_kind,
        contract_id as item_id,
        {{ source_columns('core_contract') }}
    from {{ ref('core_contract') }} as core_contract
    union all
    select
        'purchase_order' as item_kind,
        contract_id as item_id,
        {{ source_columns('core_contract') }}
    from {{ ref('core_contract') }} as core_contract
    union all
    select
        'milestone' as item_kind,
        milestone_id as item_id,
        {{ source_columns('core_milestone') }}
    from {{ ref('core_milestone') }} as core_milestone
    union all
    select
        'expense' as item_kind,
        expense_id as item_id,
        {{ source_columns('core_expense') }}
    from {{ ref('core_expense') }} as core_expense
    union all
    select
        'expense' as item_kind,
        subcontractor_cost_id as item_id,
        {{ source_columns('core_subcontractor_cost') }}
    from {{ ref('core_subcontractor_cost') }} as core_subcontractor_cost
)

select
    named.rule_group,
    named.exception_id,
    named.item_key,
    named.legal_entity_id,
    named.region,
    named.practice,
    cast(named.amount as decimal(18, 4)) as amount,
    coalesce(records.source_vendor, 'qtc') as source_vendor,
    coalesce(records.source_instance, 'qtc') as source_instance,
    coalesce(records.source_entity, 'exception') as source_entity,
    coalesce(records.source_id, named.exception_id) as source_id,
    records.version_at,
    records.source_load_id
from named
left join records on named.item_kind = records.item_kind and named.item_id = records.item_id
