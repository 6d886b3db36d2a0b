{{ control_totals('kantata', 'workspace_groups') }}
