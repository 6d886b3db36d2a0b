{{ control_totals('tryton', 'account_period') }}
