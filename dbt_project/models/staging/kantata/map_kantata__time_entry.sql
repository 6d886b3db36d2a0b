-- Kantata has no approval stamp: approved_at is the earliest version at which the entry was seen approved and billable.
with first_approved as (
    select
        instance,
        record_id,
        min(coalesce(version_at, read_at)) as approved_at
    from {{ ref('base_kantata__time_entries') }}
    where not is_deleted and approved = 'true' and billable = 'true'
    group by instance, record_id
)

select
    {{ mapped_identity('kantata', 'time_entries', 'entry') }},
    'psa' as system_role,
    cast(null as {{ dbt.type_string() }}) as counterpart_source_id,
    {{ record_key('entry.source_instance', 'entry.workspace_id') }} as project_id,
    {{ record_key('entry.source_instance', 'entry.user_id') }} as resource_id,
    role.role_code,
    entry.work_date,
    entry.minutes,
    entry.is_billable,
    entry.is_approved,
    case when entry.is_approved and entry.is_billable then first_approved.approved_at end as approved_at,
    cast(entry.rate as decimal(18, 6)) as rate,
    entry.currency,
    false as is_on_hold,
    false as is_written_off,
    cast(null as date) as written_off_date,
    coalesce(entry.is_credited, false) as is_credited,
    entry.submitted_at
from {{ ref('stg_kantata__time_entries') }} as entry
left join {{ ref('stg_kantata__roles') }} as role
    on entry.source_instance = role.source_instance and entry.role_id = role.source_id
left join first_approved
    on entry.source_instance = first_approved.instance and entry.source_id = first_approved.record_id
where entry.quarantine_reason is null
