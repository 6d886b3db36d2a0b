{{ set_aside(
    'tryton', 'company_company', ref('stg_tryton__company_company'),
    reason="'legal entities are configured, see core_legal_entity'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'currency_currency', ref('stg_tryton__currency_currency'),
    reason="'one row per code, see core_currency'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'account_fiscalyear', ref('stg_tryton__account_fiscalyear'),
    reason="'its periods are core_accounting_period'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'account_period', ref('stg_tryton__account_period'),
    reason="'one row per legal entity and month, see core_accounting_period'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'account_journal', ref('stg_tryton__account_journal'),
    reason="'kind of its moves'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'account_tax', ref('stg_tryton__account_tax'),
    reason="'kind of its accounts'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'account_invoice_payment_method', ref('stg_tryton__account_invoice_payment_method'),
    reason="'kind of its accounts'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'account_move', ref('stg_tryton__account_move'),
    reason="'its lines are core_gl_entry'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'account_move_reconciliation', ref('stg_tryton__account_move_reconciliation'),
    reason="'attribute of its ledger lines'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'project_work_invoiced_progress', ref('stg_tryton__project_work_invoiced_progress'),
    reason="'links an invoice line to its task'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'timesheet_work', ref('stg_tryton__timesheet_work'),
    reason="'links a timesheet line to its task'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'tryton', 'currency_currency_rate', ref('stg_tryton__currency_currency_rate'),
    reason="'one row per month and rate type, see core_exchange_rate'",
    condition="record.quarantine_reason is null",
    currency='record.currency'
) }}

union all

{{ set_aside(
    'tryton', 'party_party', ref('folded_tryton__party'),
    reason="'a party that bought nothing'",
    condition="true"
) }}

union all

{{ set_aside(
    'tryton', 'account_move_line', ref('int_tryton__move_line'),
    reason="'its move is not posted'",
    condition="not record.is_posted",
    amount='record.debit'
) }}

union all

{{ set_aside(
    'tryton', 'account_invoice', ref('stg_tryton__account_invoice'),
    reason="'an invoice of a supplier'",
    condition="record.quarantine_reason is null and record.invoice_type <> 'out'",
    currency='record.currency', record_date='record.invoice_date', amount='record.gross_amount'
) }}

union all

{{ set_aside(
    'tryton', 'account_invoice_line', ref('folded_tryton__invoice_line'),
    reason="'billed time is a row per timesheet line, see timesheet_line_billed'",
    condition="record.kind = 'time'",
    currency='record.currency', amount='record.net_amount'
) }}

union all

{{ set_aside(
    'tryton', 'account_invoice_line', ref('folded_tryton__invoice_line'),
    reason="'a title, comment or subtotal'",
    condition="record.kind = 'text'",
    currency='record.currency', amount='record.net_amount'
) }}

union all

{{ set_aside(
    'tryton', 'account_invoice_line', ref('folded_tryton__invoice_line'),
    reason="'a line of a supplier invoice'",
    condition="record.kind = 'supplier'",
    currency='record.currency', amount='record.net_amount'
) }}

union all

{{ set_aside(
    'tryton', 'account_invoice_tax', ref('folded_tryton__supplier_tax'),
    reason="'tax of a supplier invoice'",
    condition="true",
    amount='record.tax_amount'
) }}

union all

{{ set_aside(
    'tryton', 'sale_line', ref('stg_tryton__sale_line'),
    reason="'a title, comment or subtotal'",
    condition="record.quarantine_reason is null and record.line_type <> 'line'",
    amount='record.net_amount'
) }}

union all

{{ set_aside(
    'tryton', 'project_work', ref('int_tryton__work'),
    reason="'a task of its project'",
    condition="not record.is_root"
) }}
