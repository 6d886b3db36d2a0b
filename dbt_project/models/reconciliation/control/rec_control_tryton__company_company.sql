{{ control_totals('tryton', 'company_company') }}
