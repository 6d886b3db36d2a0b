{{ control_totals('tryton', 'company_employee_cost_price', date_text=tryton_date(control_member('date'))) }}
