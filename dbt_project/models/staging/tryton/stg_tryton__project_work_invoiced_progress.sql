{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__project_work_invoiced_progress')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        work as work_id,
        {{ tryton_decimal('progress') }} as progress,
        invoice_line as invoice_line_id
    from latest
)

select
    {{ staged_identity() }},
    work_id,
    {{ to_rate('progress') }} as progress,
    invoice_line_id,
    {{ quarantine_reason(rates=['progress']) }} as quarantine_reason
from untagged
