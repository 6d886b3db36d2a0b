{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__currency_currency')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        code as currency_code,
        name,
        digits as minor_unit,
        {{ tryton_boolean('active') }} as is_active
    from latest
)

select
    {{ staged_identity() }},
    currency_code,
    name,
    {{ to_integer('minor_unit') }} as minor_unit,
    {{ to_boolean('is_active') }} as is_active,
    {{ quarantine_reason(integers=['minor_unit'], booleans=['is_active']) }} as quarantine_reason
from untagged
