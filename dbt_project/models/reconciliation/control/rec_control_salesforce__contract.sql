{{ control_totals(
    'salesforce', 'Contract',
    currency='CurrencyIsoCode',
    date='CustomerSignedDate',
    amount=to_money(control_member('Contract_Value__c'))
) }}
