-- Per contract, contract currency: what backlog says of recognized and billed is what the position splits into its three sides.
with positions as (
    select * from {{ ref('fct_contract_position') }}
),

backlog as (
    select * from {{ ref('fct_backlog') }}
)

select
    coalesce(positions.contract_id, backlog.contract_id) as contract_id,
    positions.net_amount,
    backlog.backlog_billing - backlog.overrun_billed - backlog.backlog_revenue + backlog.overrun_recognized as bases
from positions
full outer join backlog on positions.contract_id = backlog.contract_id
where
    positions.contract_id is null
    or backlog.contract_id is null
    or positions.net_amount <> positions.unbilled_receivable + positions.contract_asset - positions.contract_liability
    or positions.net_amount
    <> backlog.backlog_billing - backlog.overrun_billed - backlog.backlog_revenue + backlog.overrun_recognized
    or least(positions.unbilled_receivable, positions.contract_asset, positions.contract_liability) < 0
    or (positions.contract_liability > 0 and positions.unbilled_receivable + positions.contract_asset > 0)
