-- Kantata has no approval stamp: approved_at is the earliest version at which the cost was seen approved and billable.
with first_approved as (
    select
        instance,
        record_id,
        min(coalesce(version_at, read_at)) as approved_at
    from {{ ref('base_kantata__expenses') }}
    where not is_deleted and approved = 'true' and billable = 'true'
    group by instance, record_id
)

select
    {{ mapped_identity('kantata', 'expenses', 'expense') }},
    {{ record_key('expense.source_instance', 'expense.workspace_id') }} as project_id,
    {{ record_key('expense.source_instance', 'expense.user_id') }} as resource_id,
    expense.expense_date,
    expense.amount,
    expense.currency,
    expense.category,
    expense.is_billable,
    expense.is_approved,
    case when expense.is_approved and expense.is_billable then first_approved.approved_at end as approved_at,
    expense.cost_centre,
    expense.vendor_name,
    coalesce(expense.category = 'Subcontractor', false) as is_subcontracted
from {{ ref('stg_kantata__expenses') }} as expense
left join first_approved
    on expense.source_instance = first_approved.instance and expense.source_id = first_approved.record_id
where expense.quarantine_reason is null
