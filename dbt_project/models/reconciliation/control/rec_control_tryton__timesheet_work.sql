{{ control_totals('tryton', 'timesheet_work') }}
