select
    {{ mapped_identity('netsuite', 'currency', 'currency') }},
    currency.currency_code as currency_id,
    currency.minor_unit
from {{ ref('stg_netsuite__currency') }} as currency
where currency.quarantine_reason is null
