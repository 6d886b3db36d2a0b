{{ control_totals(
    'kantata', 'time_entries',
    currency='currency',
    date='date_performed',
    minutes=to_integer(control_member('time_in_minutes'))
) }}
