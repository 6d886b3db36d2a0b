-- A work's list price is the hourly rate of its time; it has no dates, so it holds for ever.
select
    {{ mapped_identity('tryton', 'project_work', 'work') }},
    {{ record_key('work.source_instance', 'work.sale_id') }} as contract_id,
    'project.work,' || work.source_id as role_code,
    work.list_price as rate,
    company.currency,
    cast('1900-01-01' as date) as effective_from,
    cast(null as date) as effective_to,
    cast(null as {{ dbt.type_string() }}) as country
from {{ ref('int_tryton__work') }} as work
left join {{ ref('stg_tryton__company_company') }} as company
    on work.source_instance = company.source_instance and work.company_id = company.source_id
where work.invoice_method = 'timesheet' and work.list_price is not null and work.sale_id is not null
