with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'approved_time.erp' and is_applicable
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

right_rows as (
    select * from {{ ref('int_time_right') }}
    where is_time_and_materials
),

approved as (
    select
        entries.period,
        entries.legal_entity_id,
        contracts.currency,
        sum(entries.minutes) as minutes,
        sum(entries.contract_value) as amount
    from entries
    inner join contracts on entries.contract_id = contracts.contract_id
    cross join leg
    where
        entries.is_approved and entries.is_billable
        and contracts.billing_type = 'time_and_materials' and contracts.is_executed
        and entries.work_date <= leg.as_of_date
    group by entries.period, entries.legal_entity_id, contracts.currency
),

arrived as (
    select
        period,
        legal_entity_id,
        currency,
        sum(minutes) as minutes,
        sum(contract_value) as amount
    from right_rows
    cross join leg
    group by period, legal_entity_id, currency
)

select
    'approved_time.erp' as leg,
    'minutes' as measure,
    period,
    legal_entity_id,
    cast(null as {{ dbt.type_string() }}) as currency,
    minutes as left_total,
    0 as right_total
from approved
union all
select
    'approved_time.erp' as leg,
    'amount' as measure,
    period,
    legal_entity_id,
    currency,
    amount as left_total,
    0 as right_total
from approved
union all
select
    'approved_time.erp' as leg,
    'minutes' as measure,
    period,
    legal_entity_id,
    cast(null as {{ dbt.type_string() }}) as currency,
    0 as left_total,
    minutes as right_total
from arrived
union all
select
    'approved_time.erp' as leg,
    'amount' as measure,
    period,
    legal_entity_id,
    currency,
    0 as left_total,
    amount as right_total
from arrived
