{{ control_totals(
    'salesforce', 'Contract_Amendment__c',
    currency='CurrencyIsoCode',
    date='Effective_Date__c',
    amount=to_money(control_member('Amount__c'))
) }}
