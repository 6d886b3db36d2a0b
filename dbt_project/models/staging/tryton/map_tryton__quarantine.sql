{{ unreadable('tryton', 'company_company', ref('stg_tryton__company_company')) }}

union all

{{ unreadable('tryton', 'currency_currency', ref('stg_tryton__currency_currency')) }}

union all

{{ unreadable(
    'tryton', 'currency_currency_rate', ref('stg_tryton__currency_currency_rate'),
    currency='record.currency'
) }}

union all

{{ unreadable('tryton', 'party_party', ref('stg_tryton__party_party')) }}

union all

{{ unreadable('tryton', 'company_employee', ref('stg_tryton__company_employee')) }}

union all

{{ unreadable(
    'tryton', 'company_employee_cost_price', ref('stg_tryton__company_employee_cost_price'),
    record_date='record.effective_from'
) }}

union all

{{ unreadable('tryton', 'account_fiscalyear', ref('stg_tryton__account_fiscalyear')) }}

union all

{{ unreadable('tryton', 'account_period', ref('stg_tryton__account_period')) }}

union all

{{ unreadable('tryton', 'account_journal', ref('stg_tryton__account_journal')) }}

union all

{{ unreadable('tryton', 'account_account', ref('stg_tryton__account_account')) }}

union all

{{ unreadable('tryton', 'account_tax', ref('stg_tryton__account_tax')) }}

union all

{{ unreadable('tryton', 'account_invoice_payment_method', ref('stg_tryton__account_invoice_payment_method')) }}

union all

{{ unreadable('tryton', 'account_move', ref('stg_tryton__account_move')) }}

union all

{{ unreadable(
    'tryton', 'account_move_line', ref('stg_tryton__account_move_line'),
    amount='record.debit'
) }}

union all

{{ unreadable('tryton', 'account_move_reconciliation', ref('stg_tryton__account_move_reconciliation')) }}

union all

{{ unreadable(
    'tryton', 'account_invoice', ref('stg_tryton__account_invoice'),
    currency='record.currency', record_date='record.invoice_date', amount='record.gross_amount'
) }}

union all

{{ unreadable(
    'tryton', 'account_invoice_line', ref('stg_tryton__account_invoice_line'),
    currency='record.currency', amount='record.net_amount'
) }}

union all

{{ unreadable(
    'tryton', 'account_invoice_tax', ref('stg_tryton__account_invoice_tax'),
    amount='record.tax_amount'
) }}

union all

{{ unreadable(
    'tryton', 'sale_opportunity', ref('stg_tryton__sale_opportunity'),
    currency='record.currency', record_date='record.end_date', amount='record.amount'
) }}

union all

{{ unreadable(
    'tryton', 'sale_sale', ref('stg_tryton__sale_sale'),
    currency='record.currency', record_date='record.sale_date', amount='record.net_amount'
) }}

union all

{{ unreadable(
    'tryton', 'sale_line', ref('stg_tryton__sale_line'),
    amount='record.net_amount'
) }}

union all

{{ unreadable('tryton', 'project_work', ref('stg_tryton__project_work')) }}

union all

{{ unreadable('tryton', 'project_work_invoiced_progress', ref('stg_tryton__project_work_invoiced_progress')) }}

union all

{{ unreadable('tryton', 'timesheet_work', ref('stg_tryton__timesheet_work')) }}

union all

{{ unreadable(
    'tryton', 'timesheet_line', ref('stg_tryton__timesheet_line'),
    record_date='record.work_date', minutes='record.minutes'
) }}

union all

-- Readable, but what they belong to is not there (yet).
{{ set_aside(
    'tryton', 'account_move_line', ref('orphan_tryton__move_line'),
    reason="'its move is not there or cannot be read'", condition='true', amount='record.debit'
) }}

union all

{{ set_aside(
    'tryton', 'account_invoice_line', ref('orphan_tryton__invoice_part'),
    reason="'its invoice is not there or cannot be read'", condition="record.part = 'line'",
    currency='record.currency', amount='record.amount'
) }}

union all

{{ set_aside(
    'tryton', 'account_invoice_tax', ref('orphan_tryton__invoice_part'),
    reason="'its invoice is not there or cannot be read'", condition="record.part = 'tax'", amount='record.amount'
) }}

union all

{{ set_aside(
    'tryton', 'sale_sale_project', ref('stg_tryton__sale_sale'),
    reason='record.quarantine_reason', condition='record.quarantine_reason is not null'
) }}
