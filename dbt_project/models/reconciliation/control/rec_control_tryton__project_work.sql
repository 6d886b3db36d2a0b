{{ control_totals('tryton', 'project_work') }}
