{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_move_line')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        move as move_id,
        account as account_id,
        party as party_id,
        {{ tryton_decimal('debit') }} as debit,
        {{ tryton_decimal('credit') }} as credit,
        {{ tryton_decimal('amount_second_currency') }} as second_amount,
        {{ json_member('"second_currency."', 'code') }} as second_currency,
        {{ tryton_date('maturity_date') }} as maturity_date,
        reconciliation as reconciliation_id,
        origin,
        state as status
    from latest
)

select
    {{ staged_identity() }},
    move_id,
    account_id,
    party_id,
    {{ to_money('debit') }} as debit,
    {{ to_money('credit') }} as credit,
    {{ to_money('second_amount') }} as second_amount,
    second_currency,
    {{ to_date('maturity_date') }} as maturity_date,
    reconciliation_id,
    origin,
    status,
    {{ quarantine_reason(
        money=['debit', 'credit', 'second_amount'],
        dates=['maturity_date']
    ) }} as quarantine_reason
from untagged
