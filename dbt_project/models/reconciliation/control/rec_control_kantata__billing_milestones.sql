{{ control_totals(
    'kantata', 'billing_milestones',
    currency='currency',
    date='due_date',
    amount=cents_to_money(control_member('amount_in_cents'))
) }}
