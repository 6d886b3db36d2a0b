{{ control_totals(
    'kantata', 'workspaces',
    currency='currency',
    date='start_date',
    amount=cents_to_money(control_member('price_in_cents'))
) }}
