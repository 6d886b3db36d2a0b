select
    {{ mapped_identity('kantata', 'billing_milestones', 'milestone') }},
    {{ record_key('milestone.source_instance', 'milestone.workspace_id') }} as project_id,
    milestone.amount,
    milestone.currency,
    milestone.status,
    coalesce(milestone.status = 'accepted', false) as is_accepted,
    milestone.accepted_date,
    milestone.due_date
from {{ ref('stg_kantata__billing_milestones') }} as milestone
where milestone.quarantine_reason is null
