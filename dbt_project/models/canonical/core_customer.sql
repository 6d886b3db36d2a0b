with contribution as (
    {{- contributions('customer', [
        'system_role', 'name', 'legal_entity_id', 'currency', 'country', 'payment_terms', 'tax_number',
        'tax_rate', 'is_active'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as customer_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.system_role,
    contribution.name,
    coalesce(contribution.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.currency,
    contribution.country,
    contribution.payment_terms,
    contribution.tax_number,
    contribution.tax_rate,
    contribution.is_active
from contribution
