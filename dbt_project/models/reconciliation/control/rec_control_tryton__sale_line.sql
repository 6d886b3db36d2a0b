{{ control_totals('tryton', 'sale_line', amount=to_money(tryton_decimal(control_member('amount')))) }}
