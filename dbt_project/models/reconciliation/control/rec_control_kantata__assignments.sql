{{ control_totals(
    'kantata', 'assignments',
    date='start_date',
    minutes=to_integer(control_member('estimated_minutes'))
) }}
