{{ control_totals('tryton', 'company_employee') }}
