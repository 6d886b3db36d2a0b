with latest as (
    {{ latest_version(ref('base_netsuite__currency')) }}
)

select
    {{ staged_identity() }},
    symbol as currency_code,
    name,
    {{ to_integer('currencyprecision') }} as minor_unit,
    {{ quarantine_reason(integers=['currencyprecision']) }} as quarantine_reason
from latest
