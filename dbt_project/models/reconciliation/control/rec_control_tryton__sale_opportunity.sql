{{ control_totals(
    'tryton', 'sale_opportunity',
    currency='currency."."code',
    date_text=tryton_date(control_member('end_date')),
    amount=to_money(tryton_decimal(control_member('amount')))
) }}
