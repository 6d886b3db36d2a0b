{{ control_totals(
    'netsuite', 'billingscheduleline',
    currency='currency',
    date='scheduleddate',
    amount=to_money(control_member('amount'))
) }}
