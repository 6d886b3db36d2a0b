select
    {{ mapped_identity('kantata', 'estimates', 'estimate') }},
    {{ record_key('estimate.source_instance', 'estimate.workspace_id') }} as project_id,
    estimate.version,
    estimate.as_of_date,
    estimate.planned_cost,
    estimate.etc_cost,
    estimate.currency
from {{ ref('stg_kantata__estimates') }} as estimate
where estimate.quarantine_reason is null
