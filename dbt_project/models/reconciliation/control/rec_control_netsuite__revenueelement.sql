{{ control_totals(
    'netsuite', 'revenueelement',
    currency='currency',
    amount=to_money(control_member('amount'))
) }}
