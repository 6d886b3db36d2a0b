with latest as (
    {{ latest_version(ref('base_salesforce__account')) }}
)

select
    {{ staged_identity() }},
    name,
    billingcountry as billing_country,
    region__c as region,
    legal_entity__c as legal_entity_key,
    currencyisocode as currency,
    payment_terms__c as payment_terms,
    tax_number__c as tax_number,
    {{ to_timestamp('createddate') }} as created_at,
    {{ quarantine_reason(timestamps=['createddate']) }} as quarantine_reason
from latest
