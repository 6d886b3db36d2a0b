{{ control_totals(
    'tryton', 'timesheet_line',
    date_text=tryton_date(control_member('date')),
    minutes=seconds_to_minutes(tryton_seconds(control_member('duration')))
) }}
