select
    {{ mapped_identity('tryton', 'company_employee', 'employee') }},
    employee.name,
    cast(null as {{ dbt.type_string() }}) as role_code,
    legal_entity.legal_entity_id,
    cast(null as integer) as weekly_minutes,
    cast(null as {{ dbt.type_string() }}) as country,
    cast(null as timestamp) as created_at
from {{ ref('stg_tryton__company_employee') }} as employee
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on employee.source_instance = legal_entity.instance and employee.company_id = legal_entity.source_key
where employee.quarantine_reason is null
