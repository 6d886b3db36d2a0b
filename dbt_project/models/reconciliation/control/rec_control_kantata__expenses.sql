{{ control_totals(
    'kantata', 'expenses',
    currency='currency',
    date='date',
    amount=cents_to_money(control_member('amount_in_cents'))
) }}
