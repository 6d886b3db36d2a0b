{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_invoice')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        type as invoice_type,
        state as status,
        number as document_number,
        reference,
        description,
        company as company_id,
        party as party_id,
        {{ json_member('"currency."', 'code') }} as currency,
        {{ tryton_date('invoice_date') }} as invoice_date,
        {{ tryton_date('accounting_date') }} as accounting_date,
        account as account_id,
        move as move_id,
        cancel_move as cancel_move_id,
        payment_lines as payment_line_ids,
        {{ tryton_decimal('untaxed_amount') }} as net_amount,
        {{ tryton_decimal('tax_amount') }} as tax_amount,
        {{ tryton_decimal('total_amount') }} as gross_amount
    from latest
)

select
    {{ staged_identity() }},
    invoice_type,
    status,
    document_number,
    reference,
    description,
    company_id,
    party_id,
    currency,
    {{ to_date('invoice_date') }} as invoice_date,
    {{ to_date('accounting_date') }} as accounting_date,
    account_id,
    move_id,
    cancel_move_id,
    payment_line_ids,
    {{ to_money('net_amount') }} as net_amount,
    {{ to_money('tax_amount') }} as tax_amount,
    {{ to_money('gross_amount') }} as gross_amount,
    {{ quarantine_reason(
        dates=['invoice_date', 'accounting_date'],
        money=['net_amount', 'tax_amount', 'gross_amount']
    ) }} as quarantine_reason
from untagged
