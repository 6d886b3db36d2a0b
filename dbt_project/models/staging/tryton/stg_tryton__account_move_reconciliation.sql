{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_move_reconciliation')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        company as company_id,
        {{ tryton_date('"date"') }} as reconciled_on
    from latest
)

select
    {{ staged_identity() }},
    company_id,
    {{ to_date('reconciled_on') }} as reconciled_on,
    {{ quarantine_reason(dates=['reconciled_on']) }} as quarantine_reason
from untagged
