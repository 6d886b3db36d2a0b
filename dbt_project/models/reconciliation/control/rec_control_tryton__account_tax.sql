{{ control_totals('tryton', 'account_tax') }}
