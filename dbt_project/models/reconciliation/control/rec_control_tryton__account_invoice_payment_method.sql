{{ control_totals('tryton', 'account_invoice_payment_method') }}
