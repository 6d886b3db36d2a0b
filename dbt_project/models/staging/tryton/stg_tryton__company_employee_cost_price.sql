{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__company_employee_cost_price')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        employee as employee_id,
        {{ tryton_date('"date"') }} as effective_from,
        {{ tryton_decimal('cost_price') }} as rate
    from latest
)

select
    {{ staged_identity() }},
    employee_id,
    {{ to_date('effective_from') }} as effective_from,
    {{ to_rate('rate') }} as rate,
    {{ quarantine_reason(dates=['effective_from'], rates=['rate']) }} as quarantine_reason
from untagged
