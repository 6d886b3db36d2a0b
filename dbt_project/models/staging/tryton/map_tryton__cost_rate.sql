select
    {{ mapped_identity('tryton', 'company_employee_cost_price', 'price') }},
    {{ record_key('price.source_instance', 'price.employee_id') }} as resource_id,
    price.rate,
    company.currency,
    price.effective_from
from {{ ref('stg_tryton__company_employee_cost_price') }} as price
left join {{ ref('stg_tryton__company_employee') }} as employee
    on price.source_instance = employee.source_instance and price.employee_id = employee.source_id
left join {{ ref('stg_tryton__company_company') }} as company
    on employee.source_instance = company.source_instance and employee.company_id = company.source_id
where price.quarantine_reason is null
