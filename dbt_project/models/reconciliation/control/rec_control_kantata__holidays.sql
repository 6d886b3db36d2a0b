{{ control_totals('kantata', 'holidays', date='date') }}
