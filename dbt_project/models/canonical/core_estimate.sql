with contribution as (
    {{- union_contributions('estimate', identity_columns() + [
        'project_id', 'version', 'as_of_date', 'planned_cost', 'etc_cost', 'currency'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as estimate_id,
    {{ canonical_identity('c') }},
    project.qtc_id,
    {{ canonical_version('c') }},
    project_link.contract_id,
    c.project_id,
    c.version,
    c.as_of_date,
    c.planned_cost,
    c.etc_cost,
    c.currency
from contribution as c
left join {{ ref('core_project') }} as project on c.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on c.project_id = project_link.project_id
