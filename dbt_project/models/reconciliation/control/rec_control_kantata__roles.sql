{{ control_totals('kantata', 'roles') }}
