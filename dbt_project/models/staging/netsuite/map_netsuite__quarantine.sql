{{ unreadable('netsuite', 'subsidiary', ref('stg_netsuite__subsidiary')) }}

union all

{{ unreadable('netsuite', 'currency', ref('stg_netsuite__currency')) }}

union all

{{ unreadable('netsuite', 'term', ref('stg_netsuite__term')) }}

union all

{{ unreadable('netsuite', 'accountingperiod', ref('stg_netsuite__accountingperiod')) }}

union all

{{ unreadable('netsuite', 'consolidatedexchangerate', ref('stg_netsuite__consolidatedexchangerate')) }}

union all

{{ unreadable('netsuite', 'account', ref('stg_netsuite__account')) }}

union all

{{ unreadable('netsuite', 'item', ref('stg_netsuite__item')) }}

union all

{{ unreadable('netsuite', 'customer', ref('stg_netsuite__customer'), currency='record.currency_id') }}

union all

{{ unreadable(
    'netsuite', 'job', ref('stg_netsuite__job'),
    currency='record.currency_id', amount='record.price_amount'
) }}

union all

{{ unreadable(
    'netsuite', 'transaction', ref('stg_netsuite__transaction'),
    currency='record.currency_id', record_date='record.transaction_date', amount='record.gross_amount'
) }}

union all

{{ unreadable('netsuite', 'transactionline', ref('stg_netsuite__transactionline'), amount='record.ledger_amount') }}

union all

{{ unreadable(
    'netsuite', 'transactionaccountingline', ref('stg_netsuite__transactionaccountingline'),
    amount='record.debit'
) }}

union all

{{ unreadable(
    'netsuite', 'nexttransactionlinelink', ref('stg_netsuite__nexttransactionlinelink'),
    amount='record.amount'
) }}

union all

{{ unreadable(
    'netsuite', 'timebill', ref('stg_netsuite__timebill'),
    record_date='record.work_date', minutes='record.minutes'
) }}

union all

{{ unreadable(
    'netsuite', 'billingscheduleline', ref('stg_netsuite__billingscheduleline'),
    currency='record.currency_id', record_date='record.scheduled_date', amount='record.amount'
) }}

union all

{{ unreadable(
    'netsuite', 'revenueelement', ref('stg_netsuite__revenueelement'),
    currency='record.currency_id', amount='record.amount'
) }}

union all

{{ unreadable(
    'netsuite', 'plannedrevenue', ref('stg_netsuite__plannedrevenue'),
    currency='record.currency_id', amount='record.amount'
) }}

union all

{{ unreadable('netsuite', 'department', ref('stg_netsuite__department')) }}

union all

{{ unreadable(
    'netsuite', 'charge', ref('stg_netsuite__charge'),
    currency='record.currency_id', record_date='record.charge_date', amount='record.amount'
) }}

union all

-- Readable, but with no place in the canonical model.
{{ set_aside(
    'netsuite', 'transaction', ref('stg_netsuite__transaction'),
    reason="'transaction type is not mapped'",
    condition="record.quarantine_reason is null
    and coalesce(record.transaction_type, '') not in ('CustInvc', 'CustCred', 'CustPymt', 'SalesOrd', 'Journal')",
    currency='record.currency_id', record_date='record.transaction_date', amount='record.gross_amount'
) }}

union all

{{ set_aside(
    'netsuite', 'transactionline', ref('int_netsuite__line'),
    reason="'its transaction is not there or cannot be read'",
    condition="record.line_kind = 'orphan'",
    amount='record.ledger_amount'
) }}

union all

{{ set_aside(
    'netsuite', 'transactionline', ref('int_netsuite__line'),
    reason="'its transaction type is not mapped'",
    condition="record.line_kind is null",
    amount='record.ledger_amount'
) }}

union all

-- Ledger lines and applications whose documents are not there (yet).
{{ set_aside(
    'netsuite', 'transactionaccountingline', ref('orphan_netsuite__ledger_line'),
    reason="'its transaction is not there or cannot be read'",
    condition="true",
    amount='record.debit'
) }}

union all

{{ set_aside(
    'netsuite', 'nexttransactionlinelink', ref('orphan_netsuite__link'),
    reason="'the settling document is no readable payment or credit memo'",
    condition="true",
    amount='record.amount'
) }}
