{{ control_totals('tryton', 'account_move_reconciliation') }}
