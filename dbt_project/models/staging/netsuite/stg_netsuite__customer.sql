with latest as (
    {{ latest_version(ref('base_netsuite__customer')) }}
)

select
    {{ staged_identity() }},
    companyname as name,
    subsidiary as subsidiary_id,
    currency as currency_id,
    terms as terms_id,
    custentity_sf_account as sf_account_id,
    {{ to_boolean('isinactive') }} as is_inactive,
    vatregnumber as tax_number,
    country,
    {{ to_rate('custentity_tax_rate') }} as tax_rate,
    {{ quarantine_reason(booleans=['isinactive'], rates=['custentity_tax_rate']) }} as quarantine_reason
from latest
