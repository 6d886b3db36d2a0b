{{ control_totals('tryton', 'account_fiscalyear') }}
