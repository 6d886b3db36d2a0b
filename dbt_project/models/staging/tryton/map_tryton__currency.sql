select
    {{ mapped_identity('tryton', 'currency_currency', 'currency') }},
    currency.currency_code as currency_id,
    currency.minor_unit
from {{ ref('stg_tryton__currency_currency') }} as currency
where currency.quarantine_reason is null
