{{ control_totals('tryton', 'project_work_invoiced_progress') }}
