{{ unreadable('salesforce', 'Account', ref('stg_salesforce__account'), currency='record.currency') }}

union all

{{ unreadable(
    'salesforce', 'Opportunity', ref('stg_salesforce__opportunity'),
    currency='record.currency', record_date='record.close_date', amount='record.amount'
) }}

union all

{{ unreadable(
    'salesforce', 'Contract', ref('stg_salesforce__contract'),
    currency='record.currency', record_date='record.signed_date', amount='record.signed_value'
) }}

union all

{{ unreadable(
    'salesforce', 'Contract_Amendment__c', ref('stg_salesforce__contract_amendment'),
    currency='record.currency', record_date='record.effective_date', amount='record.amount'
) }}

union all

{{ unreadable(
    'salesforce', 'Contract_Rate__c', ref('stg_salesforce__contract_rate'),
    currency='record.currency', record_date='record.effective_from'
) }}

union all

{{ unreadable(
    'salesforce', 'Contract_Role_Demand__c', ref('stg_salesforce__contract_role_demand'),
    record_date='record.start_date', minutes='record.minutes'
) }}

union all

{{ unreadable('salesforce', 'ContractHistory', ref('stg_salesforce__contracthistory')) }}
