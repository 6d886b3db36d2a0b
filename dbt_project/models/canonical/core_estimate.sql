with contribution as (
    {{- contributions('estimate', [
        'project_id', 'version', 'as_of_date', 'planned_cost', 'etc_cost', 'currency'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as estimate_id,
    {{ canonical_identity('contribution') }},
    project.qtc_id,
    {{ canonical_version('contribution') }},
    project_link.contract_id,
    contribution.project_id,
    contribution.version,
    contribution.as_of_date,
    contribution.planned_cost,
    contribution.etc_cost,
    contribution.currency
from contribution
left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
