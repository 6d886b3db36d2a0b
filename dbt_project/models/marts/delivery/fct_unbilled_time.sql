with standing as (
    select * from {{ ref('int_time_value') }}
    where unbilled_value > 0 or over_cap_value > 0
),

build as (
    select * from {{ ref('int_build') }}
),

contracts as (
    select * from {{ ref('dim_contract') }}
),

blockers as (
    select
        item_key,
        break_class
    from {{ ref('rec_exposure_item') }}
    where is_primary and break_class <> 'unbilled_past_sla' and item_key like 'time_entry:%'
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
    where is_latest
),

stated as (
    select
        standing.*,
        contracts.practice,
        contracts.customer_id as known_customer_id,
        {{ days_between('standing.work_date', 'build.as_of_date') }} as age_days,
        rates.rate as reporting_rate,
        case
            when standing.unbilled_value = 0 then 'over_cap'
            when standing.is_on_draft then 'on_draft'
            when standing.is_on_hold then 'on_hold'
            when blockers.break_class is not null then 'blocked'
            else 'ready'
        end as state,
        blockers.break_class as blocker
    from standing
    cross join build
    inner join contracts on standing.contract_id = contracts.contract_id
    left join blockers on blockers.item_key = 'time_entry:' || standing.item_key
    left join rates on standing.currency = rates.currency
)

select
    item_key as time_entry_id,
    contract_id,
    qtc_id,
    known_customer_id as customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    practice,
    coalesce(role_code, 'unassigned') as role_code,
    work_date,
    period,
    cast(age_days as integer) as age_days,
    case
        when age_days <= 30 then '0-30'
        when age_days <= 60 then '31-60'
        when age_days <= 90 then '61-90'
        else '90+'
    end as age_bucket,
    state,
    case when state = 'blocked' then blocker else 'none' end as blocking_class,
    currency,
    minutes,
    greatest(minutes - greatest(posted_minutes, 0), 0) as unbilled_minutes,
    contract_value,
    unbilled_value as unbilled_amount,
    cast(case when state = 'ready' then unbilled_value else 0 end as decimal(18, 4)) as ready_amount,
    cast(case when state = 'on_hold' then unbilled_value else 0 end as decimal(18, 4)) as on_hold_amount,
    cast(case when state = 'on_draft' then unbilled_value else 0 end as decimal(18, 4)) as on_draft_amount,
    cast(case when state = 'blocked' then unbilled_value else 0 end as decimal(18, 4)) as blocked_amount,
    over_cap_value as over_cap_amount,
    reporting_rate,
    {{ to_reporting('unbilled_value', 'reporting_rate') }} as unbilled_amount_reporting,
    {{ to_reporting('over_cap_value', 'reporting_rate') }} as over_cap_amount_reporting
from stated
