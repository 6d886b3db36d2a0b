with backlog as (
    select * from {{ ref('fct_backlog') }}
),

build as (
    select * from {{ ref('int_build') }}
)

select
    build.as_of_period as period,
    backlog.legal_entity_id,
    backlog.region,
    backlog.practice,
    backlog.billing_type,
    backlog.currency,
    backlog.signature_age_bucket,
    backlog.end_bucket,
    count(*) as contracts,
    cast(sum(backlog.contract_value) as decimal(24, 4)) as contract_value,
    cast(sum(backlog.billed_amount) as decimal(24, 4)) as billed_amount,
    cast(sum(backlog.recognized_amount) as decimal(24, 4)) as recognized_amount,
    cast(sum(backlog.backlog_billing) as decimal(24, 4)) as backlog_billing,
    cast(sum(backlog.backlog_revenue) as decimal(24, 4)) as backlog_revenue,
    cast(sum(backlog.overrun_billed) as decimal(24, 4)) as overrun_billed,
    cast(sum(backlog.overrun_recognized) as decimal(24, 4)) as overrun_recognized,
    cast(sum(backlog.delivered_unbilled) as decimal(24, 4)) as delivered_unbilled,
    cast(sum(backlog.scheduled) as decimal(24, 4)) as scheduled,
    cast(sum(backlog.inactive) as decimal(24, 4)) as inactive,
    cast(sum(backlog.unscheduled) as decimal(24, 4)) as unscheduled,
    cast(sum(backlog.unscheduled_vendor) as decimal(24, 4)) as unscheduled_vendor,
    cast(sum(backlog.contract_value_reporting) as decimal(24, 4)) as contract_value_reporting,
    cast(sum(backlog.backlog_billing_reporting) as decimal(24, 4)) as backlog_billing_reporting,
    cast(sum(backlog.backlog_revenue_reporting) as decimal(24, 4)) as backlog_revenue_reporting
from backlog
cross join build
group by
    build.as_of_period,
    backlog.legal_entity_id,
    backlog.region,
    backlog.practice,
    backlog.billing_type,
    backlog.currency,
    backlog.signature_age_bucket,
    backlog.end_bucket
