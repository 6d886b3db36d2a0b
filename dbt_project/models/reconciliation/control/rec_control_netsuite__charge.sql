{{ control_totals(
    'netsuite', 'charge',
    currency='currency',
    date='chargedate',
    amount=to_money(control_member('amount'))
) }}
