with unbilled as (
    select * from {{ ref('fct_unbilled_time') }}
),

build as (
    select * from {{ ref('int_build') }}
)

select
    build.as_of_period as period,
    unbilled.legal_entity_id,
    unbilled.region,
    unbilled.practice,
    unbilled.currency,
    unbilled.age_bucket,
    unbilled.state,
    unbilled.blocking_class,
    count(*) as entries,
    cast(sum(unbilled.unbilled_minutes) as bigint) as unbilled_minutes,
    cast(sum(unbilled.unbilled_amount) as decimal(24, 4)) as unbilled_amount,
    cast(sum(unbilled.ready_amount) as decimal(24, 4)) as ready_amount,
    cast(sum(unbilled.on_hold_amount) as decimal(24, 4)) as on_hold_amount,
    cast(sum(unbilled.on_draft_amount) as decimal(24, 4)) as on_draft_amount,
    cast(sum(unbilled.blocked_amount) as decimal(24, 4)) as blocked_amount,
    cast(sum(unbilled.over_cap_amount) as decimal(24, 4)) as over_cap_amount,
    cast(sum(unbilled.unbilled_amount_reporting) as decimal(24, 4)) as unbilled_amount_reporting,
    cast(sum(unbilled.over_cap_amount_reporting) as decimal(24, 4)) as over_cap_amount_reporting
from unbilled
cross join build
group by
    build.as_of_period,
    unbilled.legal_entity_id,
    unbilled.region,
    unbilled.practice,
    unbilled.currency,
    unbilled.age_bucket,
    unbilled.state,
    unbilled.blocking_class
