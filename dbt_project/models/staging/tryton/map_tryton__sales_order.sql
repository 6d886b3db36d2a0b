select
    {{ mapped_identity('tryton', 'sale_sale', 'sale') }},
    {{ tryton_sale_project('sale.source_instance', 'sale.source_id') }} as project_id,
    sale.currency,
    sale.sale_date as order_date,
    legal_entity.legal_entity_id,
    sale.net_amount,
    cast(null as decimal(18, 4)) as tax_amount,
    cast(null as {{ dbt.type_string() }}) as payment_terms,
    cast(null as {{ dbt.type_string() }}) as po_number
from {{ ref('stg_tryton__sale_sale') }} as sale
inner join {{ ref('int_tryton__sale') }} as resolved
    on sale.source_instance = resolved.source_instance and sale.source_id = resolved.sale_id
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on sale.source_instance = legal_entity.instance and sale.company_id = legal_entity.source_key
where resolved.is_executed
