{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_account')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        code as number,
        name,
        company as company_id,
        {{ tryton_boolean(json_member('"type."', 'receivable')) }} as receivable,
        {{ tryton_boolean(json_member('"type."', 'payable')) }} as payable,
        {{ tryton_boolean(json_member('"type."', 'revenue')) }} as revenue,
        {{ tryton_boolean(json_member('"type."', 'expense')) }} as expense
    from latest
)

select
    {{ staged_identity() }},
    number,
    name,
    company_id,
    coalesce({{ to_boolean('receivable') }}, false) as is_receivable,
    coalesce({{ to_boolean('payable') }}, false) as is_payable,
    coalesce({{ to_boolean('revenue') }}, false) as is_revenue,
    coalesce({{ to_boolean('expense') }}, false) as is_expense,
    {{ quarantine_reason(booleans=['receivable', 'payable', 'revenue', 'expense']) }} as quarantine_reason
from untagged
