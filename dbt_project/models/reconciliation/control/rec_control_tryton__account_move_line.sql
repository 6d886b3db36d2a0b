{{ control_totals('tryton', 'account_move_line', amount=to_money(tryton_decimal(control_member('debit')))) }}
