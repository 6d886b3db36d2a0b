{{ control_totals('tryton', 'currency_currency_rate', currency='currency."."code') }}
