{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__project_work')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        name,
        number,
        type as work_type,
        company as company_id,
        party as party_id,
        parent as parent_id,
        path,
        origin,
        comment,
        product as product_id,
        {{ tryton_decimal('list_price') }} as list_price,
        project_invoice_method as invoice_method,
        {{ tryton_decimal('progress') }} as progress,
        {{ json_member('"status."', 'progress') }} as status_progress,
        invoice_line as invoice_line_id
    from latest
)

select
    {{ staged_identity() }},
    name,
    number,
    work_type,
    company_id,
    party_id,
    parent_id,
    path,
    origin,
    comment,
    product_id,
    {{ to_rate('list_price') }} as list_price,
    invoice_method,
    {{ to_rate('progress') }} as progress,
    {{ to_rate('status_progress') }} as status_progress,
    invoice_line_id,
    {{ quarantine_reason(rates=['list_price', 'progress', 'status_progress']) }} as quarantine_reason
from untagged
