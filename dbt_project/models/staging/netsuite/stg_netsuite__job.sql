with latest as (
    {{ latest_version(ref('base_netsuite__job')) }}
)

select
    {{ staged_identity() }},
    companyname as name,
    parent as customer_id,
    subsidiary as subsidiary_id,
    currency as currency_id,
    {{ to_money('jobprice') }} as price_amount,
    jobbillingtype as billing_type,
    custentity_sf_opportunity as sf_opportunity_id,
    custentity_psa_workspace as psa_workspace_id,
    entitystatus as status,
    {{ to_boolean('isinactive') }} as is_inactive,
    {{ to_timestamp('datecreated') }} as created_at,
    {{ quarantine_reason(money=['jobprice'], booleans=['isinactive'], timestamps=['datecreated']) }} as quarantine_reason
from latest
