with latest as (
    {{ latest_version(ref('base_salesforce__opportunity')) }}
)

select
    {{ staged_identity() }},
    accountid as account_id,
    name,
    stagename as stage,
    {{ to_money('amount') }} as amount,
    currencyisocode as currency,
    {{ to_date('closedate') }} as close_date,
    {{ to_boolean('iswon') }} as is_won,
    {{ to_boolean('isclosed') }} as is_closed,
    region__c as region,
    practice__c as practice,
    legal_entity__c as legal_entity_key,
    parent_opportunity__c as parent_opportunity_id,
    ownerid as owner_id,
    {{ quarantine_reason(money=['amount'], dates=['closedate'], booleans=['iswon', 'isclosed']) }} as quarantine_reason
from latest
