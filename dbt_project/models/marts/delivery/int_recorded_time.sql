with build as (
    select * from {{ ref('int_build') }}
),

entries as (
    select * from {{ ref('core_time_entry') }}
    where system_role = 'psa'
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
)

select
    entries.time_entry_id,
    entries.source_vendor,
    entries.source_instance,
    entries.source_entity,
    entries.source_id,
    entries.version_at,
    entries.source_load_id,
    entries.resource_id,
    positions.contract_id,
    coalesce(positions.legal_entity_id, entries.legal_entity_id) as legal_entity_id,
    coalesce(positions.region, 'unassigned') as region,
    coalesce(positions.practice, 'unassigned') as practice,
    entries.work_date,
    entries.period as month,
    entries.minutes,
    coalesce(entries.is_billable, false) as is_billable,
    coalesce(entries.is_approved, false) as is_approved,
    coalesce(entries.is_credited, false) as is_credited,
    cast(entries.submitted_at as date) as submitted_date,
    cast(entries.approved_at as date) as approved_date,
    coalesce(positions.billing_type = 'time_and_materials', false) as is_time_and_materials,
    coalesce(positions.billing_type = 'time_and_materials', false) and entries.contract_value is not null as is_valued,
    case when positions.billing_type = 'time_and_materials' then {{ to_reporting('entries.contract_value', 'rates.rate') }} end
        as value_reporting
from entries
cross join build
left join positions on entries.contract_id = positions.contract_id
left join rates on positions.currency = rates.currency and entries.period = rates.period
where entries.work_date <= build.as_of_date
