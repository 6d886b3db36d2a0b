{{ control_totals(
    'kantata', 'estimates',
    currency='currency',
    date='as_of_date',
    amount=cents_to_money(control_member('planned_cost_in_cents'))
) }}
