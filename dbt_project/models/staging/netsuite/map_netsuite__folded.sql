{{ set_aside(
    'netsuite', 'subsidiary', ref('stg_netsuite__subsidiary'),
    reason="'legal entities are configured, see core_legal_entity'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'netsuite', 'currency', ref('stg_netsuite__currency'),
    reason="'one row per code, see core_currency'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'netsuite', 'term', ref('stg_netsuite__term'),
    reason="'terms of documents'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'netsuite', 'accountingperiod', ref('stg_netsuite__accountingperiod'),
    reason="'one row per legal entity and month, see core_accounting_period'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'netsuite', 'consolidatedexchangerate', ref('stg_netsuite__consolidatedexchangerate'),
    reason="'one row per rate type, see core_exchange_rate'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'netsuite', 'revenueelement', ref('stg_netsuite__revenueelement'),
    reason="'job of its revenue entries'",
    condition="record.quarantine_reason is null",
    currency='record.currency_id', amount='record.amount'
) }}

union all

{{ set_aside(
    'netsuite', 'transaction', ref('stg_netsuite__transaction'),
    reason="'a journal is its ledger lines, see core_gl_entry'",
    condition="record.quarantine_reason is null and record.transaction_type = 'Journal'",
    currency='record.currency_id', record_date='record.transaction_date', amount='record.gross_amount'
) }}

union all

{{ set_aside(
    'netsuite', 'transactionline', ref('int_netsuite__line'),
    reason="'the header repeats it'",
    condition="record.line_kind = 'header'",
    amount='record.ledger_amount'
) }}

union all

{{ set_aside(
    'netsuite', 'transactionline', ref('int_netsuite__line'),
    reason="'tax of an order is not billed'",
    condition="record.line_kind = 'order_tax'",
    amount='record.ledger_amount'
) }}

union all

{{ set_aside(
    'netsuite', 'transactionline', ref('int_netsuite__line'),
    reason="'a payment or journal is its ledger lines'",
    condition="record.line_kind = 'ledger_only'",
    amount='record.ledger_amount'
) }}

union all

{{ set_aside(
    'netsuite', 'transactionaccountingline', ref('stg_netsuite__transactionaccountingline'),
    reason="'not posted in the primary book'",
    condition="record.quarantine_reason is null and (coalesce(record.accounting_book, '') <> '1' or not coalesce(record.is_posted, true))",
    amount='record.debit'
) }}

union all

{{ set_aside(
    'netsuite', 'nexttransactionlinelink', ref('stg_netsuite__nexttransactionlinelink'),
    reason="'link of another kind than a payment'",
    condition="record.quarantine_reason is null and coalesce(record.link_type, '') <> 'Payment'",
    amount='record.amount'
) }}
