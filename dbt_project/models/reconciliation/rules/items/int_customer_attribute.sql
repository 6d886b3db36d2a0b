{{ config(materialized='view') }}

-- Case and blanks of a name are nobody's mistake; the placeholder of an unknown legal entity is no value.
{% for attribute, shown, value in [
    ('name', 'name', "replace(lower(name), ' ', '')"),
    ('currency', 'currency', 'currency'),
    ('payment_terms', 'payment_terms', 'payment_terms'),
    ('tax_number', 'tax_number', 'tax_number'),
    ('legal_entity', 'legal_entity_id', "nullif(legal_entity_id, 'unassigned')"),
] -%}
select
    customer_id,
    '{{ attribute }}' as attribute,
    {{ value }} as compared_value,
    {{ shown }} as shown_value
from {{ ref('core_customer') }}
{% if not loop.last %}union all
{% endif -%}
{% endfor -%}
