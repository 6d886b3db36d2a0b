with positions as (
    select * from {{ ref('int_contract_position') }}
),

build as (
    select * from {{ ref('int_build') }}
),

plan as (
    select * from {{ ref('int_billing_plan') }}
),

standing as (
    select * from {{ ref('int_time_value') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
    where is_latest
),

open_time as (
    select
        contract_id,
        sum(unbilled_value) as unbilled_value
    from standing
    group by contract_id
),

based as (
    select
        positions.*,
        build.as_of_date,
        positions.contract_value - least(positions.billed_amount, positions.contract_value) as backlog_billing,
        positions.contract_value - least(positions.recognized_amount, positions.contract_value) as backlog_revenue,
        positions.billed_amount - least(positions.billed_amount, positions.contract_value) as overrun_billed,
        positions.recognized_amount - least(positions.recognized_amount, positions.contract_value) as overrun_recognized,
        coalesce(open_time.unbilled_value, 0) + coalesce(plan.due_amount, 0) as due_amount,
        coalesce(plan.ahead_amount, 0) as ahead_amount,
        coalesce(positions.status = 'On Hold', false) as is_on_hold
    from positions
    cross join build
    left join open_time on positions.contract_id = open_time.contract_id
    left join plan on positions.contract_id = plan.contract_id
),

delivered as (
    select
        based.*,
        least(based.due_amount, based.backlog_billing) as delivered_unbilled
    from based
),

split as (
    select
        delivered.*,
        case when is_on_hold then 0 else least(ahead_amount, backlog_billing - delivered_unbilled) end as scheduled,
        case when is_on_hold then backlog_billing - delivered_unbilled else 0 end as inactive
    from delivered
)

select
    split.contract_id,
    split.qtc_id,
    split.contract_number,
    coalesce(split.customer_id, 'unassigned') as customer_id,
    split.legal_entity_id,
    split.region,
    split.practice,
    coalesce(split.billing_type, 'unassigned') as billing_type,
    split.status,
    split.currency,
    split.signed_date,
    split.signed_period,
    split.end_date,
    {{ days_between('split.signed_date', 'split.as_of_date') }} as signature_age_days,
    case
        when {{ days_between('split.signed_date', 'split.as_of_date') }} <= 90 then '0-90'
        when {{ days_between('split.signed_date', 'split.as_of_date') }} <= 180 then '91-180'
        when {{ days_between('split.signed_date', 'split.as_of_date') }} <= 365 then '181-365'
        else '365+'
    end as signature_age_bucket,
    case
        when split.end_date is null then 'unassigned'
        when split.end_date < split.as_of_date then 'ended'
        when {{ days_between('split.as_of_date', 'split.end_date') }} <= 92 then '0-3 months'
        when {{ days_between('split.as_of_date', 'split.end_date') }} <= 183 then '4-6 months'
        when {{ days_between('split.as_of_date', 'split.end_date') }} <= 366 then '7-12 months'
        else '12+ months'
    end as end_bucket,
    split.signed_value,
    split.amendment_amount,
    split.debooked_amount,
    split.contract_value,
    split.billed_amount,
    split.recognized_amount,
    cast(split.backlog_billing as decimal(18, 4)) as backlog_billing,
    cast(split.backlog_revenue as decimal(18, 4)) as backlog_revenue,
    cast(split.overrun_billed as decimal(18, 4)) as overrun_billed,
    cast(split.overrun_recognized as decimal(18, 4)) as overrun_recognized,
    cast(split.delivered_unbilled as decimal(18, 4)) as delivered_unbilled,
    cast(split.scheduled as decimal(18, 4)) as scheduled,
    cast(split.inactive as decimal(18, 4)) as inactive,
    cast(split.backlog_billing - split.delivered_unbilled - split.scheduled - split.inactive as decimal(18, 4)) as unscheduled,
    cast(
        case
            when split.is_on_hold then 0
            else split.contract_value - split.billed_amount - split.ahead_amount
        end as decimal(18, 4)
    ) as unscheduled_vendor,
    rates.rate as reporting_rate,
    rates.period as reporting_rate_period,
    {{ to_reporting('split.contract_value', 'rates.rate') }} as contract_value_reporting,
    {{ to_reporting('split.backlog_billing', 'rates.rate') }} as backlog_billing_reporting,
    {{ to_reporting('split.backlog_revenue', 'rates.rate') }} as backlog_revenue_reporting
from split
left join rates on split.currency = rates.currency
