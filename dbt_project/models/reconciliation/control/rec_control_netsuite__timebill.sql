{{ control_totals(
    'netsuite', 'timebill',
    date='trandate',
    minutes=hours_to_minutes(control_member('hours'))
) }}
