select
    {{ mapped_identity('tryton', 'project_work', 'work') }},
    {{ record_key('work.source_instance', 'work.source_id') }} as project_id,
    work.source_instance as crm_instance,
    sale.opportunity_id as opportunity_ref,
    {{ record_key('work.source_instance', 'work.sale_id') }} as contract_id,
    'root' as link_role,
    work.link_method as method
from {{ ref('int_tryton__work') }} as work
inner join {{ ref('int_tryton__sale') }} as sale
    on work.source_instance = sale.source_instance and work.sale_id = sale.sale_id
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
    {{ tryton_sale_project('sale.source_instance', 'sale.source_id') }} as project_id,
    sale.source_instance as crm_instance,
    resolved.opportunity_id as opportunity_ref,
    {{ record_key('sale.source_instance', 'sale.source_id') }} as contract_id,
    'root' as link_role,
    'same_record' as method
from {{ ref('stg_tryton__sale_sale') }} as sale
inner join {{ ref('int_tryton__sale') }} as resolved
    on sale.source_instance = resolved.source_instance and sale.source_id = resolved.sale_id
