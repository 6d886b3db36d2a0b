{{ control_totals(
    'salesforce', 'Opportunity',
    currency='CurrencyIsoCode',
    date='CloseDate',
    amount=to_money(control_member('Amount'))
) }}
