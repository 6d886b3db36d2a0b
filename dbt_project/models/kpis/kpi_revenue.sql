with positions as (
    select * from {{ ref('fct_contract_position') }}
)

select
    period,
    legal_entity_id,
    region,
    practice,
    billing_type,
    currency,
    count(*) as contracts,
    cast(sum(recognized_amount) as decimal(24, 4)) as recognized_amount,
    cast(sum(billed_amount) as decimal(24, 4)) as billed_amount,
    cast(sum(net_amount) as decimal(24, 4)) as net_amount,
    cast(sum(unbilled_receivable) as decimal(24, 4)) as unbilled_receivable,
    cast(sum(contract_asset) as decimal(24, 4)) as contract_asset,
    cast(sum(contract_liability) as decimal(24, 4)) as contract_liability,
    cast(sum(unbilled_receivable_reporting) as decimal(24, 4)) as unbilled_receivable_reporting,
    cast(sum(contract_asset_reporting) as decimal(24, 4)) as contract_asset_reporting,
    cast(sum(contract_liability_reporting) as decimal(24, 4)) as contract_liability_reporting
from positions
group by period, legal_entity_id, region, practice, billing_type, currency
