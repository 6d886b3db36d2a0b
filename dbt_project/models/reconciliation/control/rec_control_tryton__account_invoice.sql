{{ control_totals(
    'tryton', 'account_invoice',
    currency='currency."."code',
    date_text=tryton_date(control_member('invoice_date')),
    amount=to_money(tryton_decimal(control_member('total_amount')))
) }}
