{{ control_totals('tryton', 'currency_currency') }}
