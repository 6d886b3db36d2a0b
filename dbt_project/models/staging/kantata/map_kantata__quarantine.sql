{{ unreadable(
    'kantata', 'workspaces', ref('stg_kantata__workspaces'),
    currency='record.currency', record_date='record.start_date', amount='record.price_amount'
) }}

union all

{{ unreadable('kantata', 'workspace_groups', ref('stg_kantata__workspace_groups')) }}

union all

{{ unreadable('kantata', 'external_references', ref('stg_kantata__external_references')) }}

union all

{{ unreadable('kantata', 'users', ref('stg_kantata__users')) }}

union all

{{ unreadable('kantata', 'roles', ref('stg_kantata__roles')) }}

union all

{{ unreadable(
    'kantata', 'cost_rates', ref('stg_kantata__cost_rates'),
    currency='record.currency', record_date='record.effective_date'
) }}

union all

{{ unreadable(
    'kantata', 'assignments', ref('stg_kantata__assignments'),
    record_date='record.start_date', minutes='record.minutes'
) }}

union all

{{ unreadable(
    'kantata', 'time_entries', ref('stg_kantata__time_entries'),
    currency='record.currency', record_date='record.work_date', minutes='record.minutes'
) }}

union all

{{ unreadable(
    'kantata', 'expenses', ref('stg_kantata__expenses'),
    currency='record.currency', record_date='record.expense_date', amount='record.amount'
) }}

union all

{{ unreadable(
    'kantata', 'billing_milestones', ref('stg_kantata__billing_milestones'),
    currency='record.currency', record_date='record.due_date', amount='record.amount'
) }}

union all

{{ unreadable(
    'kantata', 'estimates', ref('stg_kantata__estimates'),
    currency='record.currency', record_date='record.as_of_date', amount='record.planned_cost'
) }}

union all

{{ unreadable(
    'kantata', 'time_off_entries', ref('stg_kantata__time_off_entries'),
    record_date='record.off_date', minutes='record.minutes'
) }}

union all

{{ unreadable('kantata', 'holidays', ref('stg_kantata__holidays'), record_date='record.holiday_date') }}
