{{ control_totals(
    'tryton', 'account_invoice_line',
    currency='currency."."code',
    amount=to_money(tryton_decimal(control_member('amount')))
) }}
