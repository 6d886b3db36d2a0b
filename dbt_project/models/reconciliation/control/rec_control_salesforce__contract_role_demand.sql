{{ control_totals(
    'salesforce', 'Contract_Role_Demand__c',
    date='Start_Date__c',
    minutes=to_integer(control_member('Sold_Minutes__c'))
) }}
