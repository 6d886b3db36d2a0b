select
    {{ mapped_identity('tryton', 'project_work', 'work') }},
    'psa' as system_role,
    work.name,
    case when work.status_progress = 1 then 'done' else 'open' end as status,
    false as is_cancelled,
    false as is_archived,
    work.is_internal,
    cast(null as decimal(18, 4)) as price_amount,
    company.currency,
    legal_entity.legal_entity_id,
    {{ record_key('work.source_instance', 'work.party_id') }} as customer_id,
    cast(null as date) as start_date,
    cast(null as timestamp) as created_at,
    cast(null as {{ dbt.type_string() }}) as billing_type
from {{ ref('int_tryton__work') }} as work
left join {{ ref('stg_tryton__company_company') }} as company
    on work.source_instance = company.source_instance and work.company_id = company.source_id
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on work.source_instance = legal_entity.instance and work.company_id = legal_entity.source_key
where work.is_root
union all
select
    'tryton' as source_vendor,
    sale.source_instance,
    'sale_sale_project' as source_entity,
    'sale.sale,' || sale.source_id as source_id,
    sale.version_at,
    sale.loaded_at,
    sale.source_load_id,
    'erp' as system_role,
    sale.number as name,
    sale.status,
    sale.status = 'cancelled' as is_cancelled,
    false as is_archived,
    false as is_internal,
    sale.net_amount as price_amount,
    sale.currency,
    legal_entity.legal_entity_id,
    {{ record_key('sale.source_instance', 'sale.party_id') }} as customer_id,
    cast(null as date) as start_date,
    cast(null as timestamp) as created_at,
    cast(null as {{ dbt.type_string() }}) as billing_type
from {{ ref('stg_tryton__sale_sale') }} as sale
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on sale.source_instance = legal_entity.instance and sale.company_id = legal_entity.source_key
where sale.quarantine_reason is null
