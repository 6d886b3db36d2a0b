{{ control_totals(
    'netsuite', 'plannedrevenue',
    currency='currency',
    amount=to_money(control_member('amount'))
) }}
