{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_netsuite__nexttransactionlinelink')) }}
)

select
    {{ staged_identity() }},
    previousdoc as invoice_id,
    nextdoc as settling_id,
    linktype as link_type,
    {{ to_money('foreignamount') }} as amount,
    {{ quarantine_reason(money=['foreignamount']) }} as quarantine_reason
from latest
