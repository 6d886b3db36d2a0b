{{ control_totals(
    'tryton', 'sale_sale',
    currency='currency."."code',
    date_text=tryton_date(control_member('sale_date')),
    amount=to_money(tryton_decimal(control_member('untaxed_amount')))
) }}
