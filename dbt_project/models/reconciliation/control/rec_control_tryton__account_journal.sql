{{ control_totals('tryton', 'account_journal') }}
