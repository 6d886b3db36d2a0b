with buyer as (
    select
        source_instance,
        party_id
    from {{ ref('stg_tryton__sale_opportunity') }}
    where party_id is not null
    union
    select
        source_instance,
        party_id
    from {{ ref('stg_tryton__sale_sale') }}
    where party_id is not null
    union
    select
        source_instance,
        party_id
    from {{ ref('stg_tryton__account_invoice') }}
    where party_id is not null and invoice_type = 'out'
)

select
    {{ mapped_identity('tryton', 'party_party', 'party') }},
    'crm' as system_role,
    party.name,
    cast(null as {{ dbt.type_string() }}) as legal_entity_id,
    cast(null as {{ dbt.type_string() }}) as currency,
    cast(null as {{ dbt.type_string() }}) as country,
    cast(null as {{ dbt.type_string() }}) as payment_terms,
    cast(null as {{ dbt.type_string() }}) as tax_number,
    cast(null as decimal(18, 6)) as tax_rate,
    true as is_active
from {{ ref('stg_tryton__party_party') }} as party
inner join buyer on party.source_instance = buyer.source_instance and party.source_id = buyer.party_id
where party.quarantine_reason is null
