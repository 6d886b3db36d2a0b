{{ control_totals(
    'netsuite', 'transaction',
    currency='currency',
    date='trandate',
    amount=to_money(control_member('foreigntotal'))
) }}
