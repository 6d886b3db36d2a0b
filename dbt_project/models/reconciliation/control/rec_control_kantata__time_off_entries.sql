{{ control_totals(
    'kantata', 'time_off_entries',
    date='date',
    minutes=to_integer(control_member('minutes'))
) }}
