with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'approved_time.erp' and is_applicable
),

items as (
    select * from {{ ref('int_time_item') }}
),

right_rows as (
    select * from {{ ref('int_time_right') }}
),

standing as (
    select * from {{ ref('int_time_value') }}
),

service_items as (
    select * from {{ ref('core_service_item') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

periods as (
    select * from {{ ref('core_accounting_period') }}
),

sla as (
    select max(cast(days as integer)) as unbilled_days from {{ source('raw', 'qtc_sla') }}
    where sla_id = 'unbilled'
),

active_code as (
    select distinct role_code from service_items
    where is_active
),

-- everything but the entries that agree in minutes, contract, period and legal entity
suspect as (
    select items.*
    from items
    where
        (items.is_eligible or items.has_right)
        and not coalesce(
            items.is_eligible and items.has_right and items.is_right_time_and_materials
            and items.minutes = items.right_minutes
            and items.first_contract_id = items.contract_id and items.last_contract_id = items.contract_id
            and items.first_period = items.period and items.last_period = items.period
            and items.first_legal_entity_id = items.legal_entity_id and items.last_legal_entity_id = items.legal_entity_id
            and (items.contract_value is null or items.contract_value = items.right_value),
            false
        )
),

named as (
    select
        suspect.*,
        case
            when suspect.is_eligible and not suspect.has_right and active_code.role_code is null then 'unknown_code'
            when suspect.is_eligible and not suspect.has_right then 'time_not_transferred'
            when
                suspect.is_approved_billable
                and (
                    suspect.contract_id is null
                    or suspect.first_contract_id <> suspect.contract_id
                    or suspect.last_contract_id <> suspect.contract_id
                )
                then 'moved_after_transfer'
            when
                suspect.is_eligible and (suspect.first_period <> suspect.period or suspect.last_period <> suspect.period)
                and cast(suspect.approved_at as date) > periods.end_date
                then 'late_time'
            when
                suspect.is_eligible and suspect.first_period = suspect.period and suspect.last_period = suspect.period
                and suspect.minutes <> suspect.right_minutes
                then 'quantity_mismatch'
            when
                suspect.is_eligible and suspect.minutes = suspect.right_minutes
                and suspect.first_period = suspect.period and suspect.last_period = suspect.period
                and (suspect.first_legal_entity_id <> suspect.legal_entity_id or suspect.last_legal_entity_id <> suspect.legal_entity_id)
                then 'other_entity'
            when suspect.has_delivered and not suspect.is_approved_billable and suspect.posted_minutes > 0 then 'billed_unapproved_time'
            when not suspect.has_delivered or not suspect.is_approved_billable then 'removed_after_transfer'
        end as break_class,
        case when suspect.is_eligible then suspect.approved_at else {{ date_start('suspect.right_date') }} end as event_at
    from suspect
    left join active_code on suspect.role_code = active_code.role_code
    left join periods
        on suspect.legal_entity_id = periods.legal_entity_id and suspect.period = periods.period
),

judged as (
    select
        named.*,
        leg.left_instance,
        leg.right_instance,
        case
            when named.break_class <> 'other_entity' and named.is_eligible
                then {{ pending_reason('named.event_at', 'named.version_at', 'named.right_version_at', 'right') }}
            when named.break_class <> 'other_entity'
                then {{ pending_reason('named.event_at', 'named.version_at', 'named.right_version_at', 'left') }}
        end as pending_reason,
        {{ due_at('named.event_at') }} as due_at
    from named
    cross join leg
),

-- a cell is where minutes are counted: contract, period of the work date, legal entity
left_cell as (
    select
        item_key,
        contract_id,
        period,
        legal_entity_id,
        currency,
        item_key as left_ref,
        cast(null as {{ dbt.type_string() }}) as right_ref,
        cast(minutes as decimal(18, 4)) as left_minutes,
        cast(0 as decimal(18, 4)) as right_minutes,
        contract_value as left_value,
        cast(null as decimal(18, 4)) as right_value
    from judged
    where is_eligible
),

right_cell as (
    select
        right_rows.item_key,
        right_rows.contract_id,
        right_rows.period,
        right_rows.legal_entity_id,
        right_rows.currency,
        cast(null as {{ dbt.type_string() }}) as left_ref,
        right_rows.right_ref,
        cast(0 as decimal(18, 4)) as left_minutes,
        cast(right_rows.minutes as decimal(18, 4)) as right_minutes,
        cast(null as decimal(18, 4)) as left_value,
        right_rows.contract_value as right_value
    from right_rows
    inner join judged on right_rows.item_key = judged.item_key
    where right_rows.is_time_and_materials
),

cells as (
    select * from left_cell
    union all
    select * from right_cell
),

cell as (
    select
        item_key,
        contract_id,
        period,
        legal_entity_id,
        currency,
        max(left_ref) as left_ref,
        min(right_ref) as right_ref,
        sum(left_minutes) as left_minutes,
        sum(right_minutes) as right_minutes,
        sum(left_value) as left_value,
        sum(right_value) as right_value
    from cells
    group by item_key, contract_id, period, legal_entity_id, currency
),

difference_row as (
    select
        judged.item_key,
        judged.break_class,
        judged.pending_reason,
        judged.event_at,
        judged.due_at,
        judged.left_instance,
        judged.right_instance,
        judged.posted_minutes,
        judged.posted_amount,
        standing.unbilled_value,
        coalesce(judged.qtc_id, contracts.qtc_id) as qtc_id,
        coalesce(cell.contract_id, judged.contract_id) as contract_id,
        coalesce(contracts.customer_id, judged.customer_id) as customer_id,
        case when contracts.contract_id is not null then contracts.region else judged.region end as region,
        cell.legal_entity_id,
        cell.period,
        cell.currency,
        cell.left_ref,
        cell.right_ref,
        cell.left_minutes,
        cell.right_minutes,
        cell.left_value,
        cell.right_value
    from judged
    inner join cell on judged.item_key = cell.item_key
    left join contracts on cell.contract_id = contracts.contract_id
    left join standing on judged.item_key = standing.item_key
    where cell.left_minutes <> cell.right_minutes or coalesce(cell.left_value, 0) <> coalesce(cell.right_value, 0)
),

-- ERP time that names no PSA entry: nothing can explain it
nameless as (
    select
        right_rows.right_ref as item_key,
        cast(null as {{ dbt.type_string() }}) as break_class,
        cast(null as {{ dbt.type_string() }}) as pending_reason,
        {{ date_start('right_rows.work_date') }} as event_at,
        cast(null as timestamp) as due_at,
        leg.left_instance,
        leg.right_instance,
        0 as posted_minutes,
        cast(0 as decimal(18, 4)) as posted_amount,
        cast(null as decimal(18, 4)) as unbilled_value,
        right_rows.qtc_id,
        right_rows.contract_id,
        right_rows.customer_id,
        right_rows.region,
        right_rows.legal_entity_id,
        right_rows.period,
        right_rows.currency,
        cast(null as {{ dbt.type_string() }}) as left_ref,
        right_rows.right_ref,
        cast(0 as decimal(18, 4)) as left_minutes,
        cast(right_rows.minutes as decimal(18, 4)) as right_minutes,
        cast(null as decimal(18, 4)) as left_value,
        right_rows.contract_value as right_value
    from right_rows
    cross join leg
    where right_rows.item_key is null and right_rows.is_time_and_materials
),

differing as (
    select * from difference_row
    union all
    select * from nameless
),

measured as (
    select
        differing.*,
        'minutes' as measure,
        left_minutes as left_amount,
        right_minutes as right_amount,
        cast(null as decimal(18, 4)) as blocked_amount
    from differing
    where left_minutes <> right_minutes
    union all
    select
        differing.*,
        'amount' as measure,
        coalesce(left_value, 0) as left_amount,
        coalesce(right_value, 0) as right_amount,
        cast(null as decimal(18, 4)) as blocked_amount
    from differing
    where coalesce(left_value, 0) <> coalesce(right_value, 0)
),

-- transferred, agreed on both sides, within the cap, and still not billed
aged as (
    select
        standing.item_key,
        standing.qtc_id,
        standing.contract_id,
        standing.customer_id,
        standing.legal_entity_id,
        standing.region,
        standing.period,
        standing.currency,
        standing.contract_value,
        standing.unbilled_value,
        standing.work_date,
        items.right_ref,
        leg.left_instance,
        leg.right_instance,
        {{ add_days('standing.work_date', 'sla.unbilled_days') }} as due_on
    from standing
    inner join items on standing.item_key = items.item_key
    left join judged on standing.item_key = judged.item_key
    cross join leg
    cross join sla
    where
        standing.has_right and judged.item_key is null
        and standing.unbilled_value > 0
        and {{ add_days('standing.work_date', 'sla.unbilled_days') }} < leg.as_of_date
)

select
    'approved_time' as rule_id,
    'approved_time.erp' as leg,
    measure,
    case
        when break_class is null then 'unexplained'
        when break_class = 'other_entity' then 'reconciling'
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
    'delivery' as workflow_stage,
    period,
    case when measure = 'amount' then currency end as currency,
    left_instance as left_system,
    left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(left_amount - right_amount as decimal(18, 4)) as difference,
    blocked_amount,
    event_at,
    due_at,
    pending_reason,
    case break_class
        when 'time_not_transferred' then 'approved time has not arrived in the ERP'
        when 'unknown_code' then 'the role has no active service item in the ERP'
        when 'quantity_mismatch' then 'minutes differ between the two systems'
        when 'billed_unapproved_time' then 'time is billed that is not approved'
        when 'removed_after_transfer' then 'time was removed or its approval withdrawn after the transfer'
        when 'moved_after_transfer' then 'time stands on another contract than in the ERP'
        when 'late_time' then 'approved after its period closed, booked in a later one'
        when 'other_entity' then 'the same time in another legal entity'
        else 'nothing explains the difference'
    end as failure_reason,
    currency as exposure_currency,
    cast(case
        when break_class = 'unknown_code' then unbilled_value
        when break_class = 'billed_unapproved_time' then posted_amount
        when coalesce(left_value, right_value) is null then null
        when break_class = 'late_time' or coalesce(left_value, 0) > coalesce(right_value, 0) or posted_minutes > 0
            then abs(coalesce(left_value, 0) - coalesce(right_value, 0))
        else 0
    end as decimal(18, 4)) as exposure_amount,
    case
        when break_class = 'late_time' then 'misstatement'
        when break_class = 'billed_unapproved_time' then 'overbilling'
        when coalesce(left_value, 0) > coalesce(right_value, 0) or left_minutes > right_minutes then 'leakage'
        else 'overbilling'
    end as exposure_base
from measured
union all
select
    'approved_time' as rule_id,
    'approved_time.erp' as leg,
    'amount' as measure,
    'condition' as kind,
    'unbilled_past_sla' as break_class,
    item_key as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'billing' as workflow_stage,
    period,
    currency,
    left_instance as left_system,
    item_key as left_ref,
    contract_value as left_amount,
    right_instance as right_system,
    right_ref,
    contract_value as right_amount,
    cast(0 as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    {{ date_start('work_date') }} as event_at,
    {{ date_start('due_on') }} as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    'transferred time waits longer than the billing SLA' as failure_reason,
    currency as exposure_currency,
    unbilled_value as exposure_amount,
    'delay' as exposure_base
from aged
