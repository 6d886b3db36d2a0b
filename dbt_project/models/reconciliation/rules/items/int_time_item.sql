with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'approved_time.erp'
),

entries as (
    select * from {{ ref('core_time_entry') }}
    where system_role = 'psa'
),

-- a contract signed after as of is none yet
contracts as (
    select core_contract.*
    from {{ ref('core_contract') }} as core_contract
    cross join {{ ref('int_build') }} as build
    where core_contract.signed_date <= build.as_of_date
),

bills as (
    select * from {{ ref('int_time_right') }}
),

billing as (
    select * from {{ ref('int_item_billing') }}
    where source_type = 'time'
),

delivered as (
    select
        entries.time_entry_id as item_key,
        entries.source_id,
        entries.project_id,
        entries.contract_id,
        coalesce(entries.qtc_id, contracts.qtc_id) as qtc_id,
        contracts.customer_id,
        contracts.region,
        entries.legal_entity_id,
        entries.role_code,
        entries.work_date,
        entries.period,
        entries.minutes,
        entries.rate,
        entries.currency as rate_currency,
        entries.contract_rate,
        entries.contract_value,
        contracts.currency,
        coalesce(contracts.billing_type = 'time_and_materials' and contracts.is_executed, false) as is_time_and_materials,
        entries.is_approved and entries.is_billable as is_approved_billable,
        coalesce(entries.approved_at, entries.version_at, {{ date_start('entries.work_date') }}) as approved_at,
        entries.version_at,
        entries.source_load_id
    from entries
    left join contracts on entries.contract_id = contracts.contract_id
),

transferred as (
    select
        item_key,
        cast(count(*) as integer) as right_rows,
        max(case when is_bill then 1 else 0 end) = 1 as has_bill,
        cast(sum(minutes) as integer) as right_minutes,
        min(right_ref) as right_ref,
        min(contract_id) as first_contract_id,
        max(contract_id) as last_contract_id,
        min(project_id) as right_project_id,
        min(legal_entity_id) as first_legal_entity_id,
        max(legal_entity_id) as last_legal_entity_id,
        min(period) as first_period,
        max(period) as last_period,
        min(work_date) as right_date,
        min(role_code) as right_role_code,
        max(case when is_on_hold then 1 else 0 end) = 1 as is_on_hold,
        max(case when is_written_off then 1 else 0 end) = 1 as is_written_off,
        min(written_off_date) as written_off_date,
        max(case when is_time_and_materials then 1 else 0 end) = 1 as is_right_time_and_materials,
        sum(contract_value) as right_value,
        max(version_at) as right_version_at
    from bills
    where item_key is not null
    group by item_key
),

joined as (
    select
        coalesce(delivered.item_key, transferred.item_key, billing.item_key) as item_key,
        delivered.item_key is not null as has_delivered,
        delivered.source_id,
        delivered.project_id,
        delivered.contract_id,
        delivered.qtc_id,
        delivered.customer_id,
        delivered.region,
        delivered.legal_entity_id,
        delivered.role_code,
        delivered.work_date,
        delivered.period,
        delivered.minutes,
        delivered.rate,
        delivered.rate_currency,
        delivered.contract_rate,
        delivered.contract_value,
        delivered.currency,
        coalesce(delivered.is_time_and_materials, false) as is_time_and_materials,
        coalesce(delivered.is_approved_billable, false) as is_approved_billable,
        delivered.approved_at,
        delivered.version_at,
        delivered.source_load_id,
        transferred.item_key is not null as has_right,
        coalesce(transferred.right_rows, 0) as right_rows,
        coalesce(transferred.has_bill, false) as has_bill,
        coalesce(transferred.right_minutes, 0) as right_minutes,
        transferred.right_ref,
        transferred.first_contract_id,
        transferred.last_contract_id,
        transferred.right_project_id,
        transferred.first_legal_entity_id,
        transferred.last_legal_entity_id,
        transferred.first_period,
        transferred.last_period,
        transferred.right_date,
        transferred.right_role_code,
        coalesce(transferred.is_on_hold, false) as is_on_hold,
        coalesce(transferred.is_written_off, false) as is_written_off,
        transferred.written_off_date,
        coalesce(transferred.is_right_time_and_materials, false) as is_right_time_and_materials,
        transferred.right_value,
        transferred.right_version_at,
        coalesce(billing.posted_lines, 0) as posted_lines,
        coalesce(billing.posted_invoice_lines, 0) as posted_invoice_lines,
        coalesce(billing.posted_minutes, 0) as posted_minutes,
        coalesce(billing.posted_amount, 0) as posted_amount,
        billing.currency as posted_currency,
        billing.contract_id as posted_contract_id,
        billing.legal_entity_id as posted_legal_entity_id,
        coalesce(billing.draft_lines, 0) as draft_lines,
        billing.version_at as billing_version_at
    from delivered
    full outer join transferred on delivered.item_key = transferred.item_key
    full outer join billing on coalesce(delivered.item_key, transferred.item_key) = billing.item_key
)

select
    joined.*,
    joined.is_approved_billable and joined.is_time_and_materials and joined.work_date <= leg.as_of_date as is_eligible
from joined
cross join leg
