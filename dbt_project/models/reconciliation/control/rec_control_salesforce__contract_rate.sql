{{ control_totals('salesforce', 'Contract_Rate__c', currency='CurrencyIsoCode', date='Effective_From__c') }}
