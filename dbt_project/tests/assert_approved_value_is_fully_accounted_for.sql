-- Time and materials at contract rate: approved value = billed + unbilled + over cap + written off, contract by contract.
with entries as (
    select * from {{ ref('core_time_entry') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

build as (
    select * from {{ ref('int_build') }}
),

standing as (
    select * from {{ ref('int_time_value') }}
),

approved as (
    select
        entries.contract_id,
        sum(entries.contract_value) as approved_value
    from entries
    inner join contracts on entries.contract_id = contracts.contract_id
    cross join build
    where
        entries.system_role = 'psa' and entries.is_approved and entries.is_billable
        and contracts.billing_type = 'time_and_materials' and contracts.is_executed
        and entries.work_date <= build.as_of_date and entries.contract_value is not null
    group by entries.contract_id
),

stands as (
    select
        contract_id,
        sum(billed_value + unbilled_value + over_cap_value + written_off_value) as standing_value,
        min(least(billed_value, unbilled_value, over_cap_value, written_off_value)) as least_part
    from standing
    group by contract_id
)

select
    coalesce(approved.contract_id, stands.contract_id) as contract_id,
    approved.approved_value,
    stands.standing_value
from approved
full outer join stands on approved.contract_id = stands.contract_id
where coalesce(approved.approved_value, 0) <> coalesce(stands.standing_value, 0) or stands.least_part < 0
