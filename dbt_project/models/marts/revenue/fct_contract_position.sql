with build as (
    select * from {{ ref('int_build') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
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
        sum(unbilled_value) as unbilled_amount
    from standing
    group by contract_id
),

net as (
    select
        positions.*,
        coalesce(open_time.unbilled_amount, 0) as unbilled_amount,
        positions.recognized_amount - positions.billed_amount as net_amount
    from positions
    left join open_time on positions.contract_id = open_time.contract_id
),

-- a right that waits for nothing but time is a receivable, what is left of the asset side is conditional
split as (
    select
        net.*,
        least(greatest(net_amount, 0), unbilled_amount) as unbilled_receivable
    from net
)

select
    split.contract_id,
    build.as_of_period as period,
    split.qtc_id,
    coalesce(split.customer_id, 'unassigned') as customer_id,
    split.legal_entity_id,
    split.region,
    split.practice,
    coalesce(split.billing_type, 'unassigned') as billing_type,
    split.currency,
    split.recognized_amount,
    split.billed_amount,
    cast(split.net_amount as decimal(18, 4)) as net_amount,
    cast(split.unbilled_receivable as decimal(18, 4)) as unbilled_receivable,
    cast(greatest(split.net_amount, 0) - split.unbilled_receivable as decimal(18, 4)) as contract_asset,
    cast(greatest(-split.net_amount, 0) as decimal(18, 4)) as contract_liability,
    rates.rate as reporting_rate,
    {{ to_reporting('split.unbilled_receivable', 'rates.rate') }} as unbilled_receivable_reporting,
    {{ to_reporting('(greatest(split.net_amount, 0) - split.unbilled_receivable)', 'rates.rate') }} as contract_asset_reporting,
    {{ to_reporting('greatest(-split.net_amount, 0)', 'rates.rate') }} as contract_liability_reporting
from split
cross join build
left join rates on split.currency = rates.currency
