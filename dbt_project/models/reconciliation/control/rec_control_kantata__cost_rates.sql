{{ control_totals('kantata', 'cost_rates', currency='currency', date='effective_date') }}
