with contribution as (
    {{- union_contributions('sales_order', identity_columns() + [
        'project_id', 'currency', 'order_date', 'legal_entity_id', 'net_amount', 'tax_amount'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as sales_order_id,
    {{ canonical_identity('c') }},
    project.qtc_id,
    {{ canonical_version('c') }},
    project_link.contract_id,
    c.project_id,
    c.currency,
    c.order_date,
    coalesce(c.legal_entity_id, project.legal_entity_id, 'unassigned') as legal_entity_id,
    c.net_amount,
    c.tax_amount
from contribution as c
left join {{ ref('core_project') }} as project on c.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on c.project_id = project_link.project_id
