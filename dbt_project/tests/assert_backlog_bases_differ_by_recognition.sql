-- Per contract: backlog on the billing basis - on the revenue basis = recognized - billed, overruns on both sides apart.
with backlog as (
    select * from {{ ref('fct_backlog') }}
)

select
    contract_id,
    backlog_billing - backlog_revenue as bases,
    (recognized_amount - overrun_recognized) - (billed_amount - overrun_billed) as flows
from backlog
where
    backlog_billing - backlog_revenue <> (recognized_amount - overrun_recognized) - (billed_amount - overrun_billed)
    or backlog_billing <> delivered_unbilled + scheduled + inactive + unscheduled
    or backlog_billing - overrun_billed <> contract_value - billed_amount
    or backlog_revenue - overrun_recognized <> contract_value - recognized_amount
