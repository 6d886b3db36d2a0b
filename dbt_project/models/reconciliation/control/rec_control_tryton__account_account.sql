{{ control_totals('tryton', 'account_account') }}
