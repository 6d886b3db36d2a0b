select
    {{ mapped_identity('kantata', 'expenses', 'expense') }},
    {{ record_key('expense.source_instance', 'expense.workspace_id') }} as project_id,
    {{ record_key('expense.source_instance', 'expense.user_id') }} as resource_id,
    expense.expense_date,
    expense.amount,
    expense.currency,
    expense.category,
    expense.is_billable,
    expense.is_approved
from {{ ref('stg_kantata__expenses') }} as expense
where expense.quarantine_reason is null
