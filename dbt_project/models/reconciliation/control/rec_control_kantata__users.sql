{{ control_totals('kantata', 'users') }}
