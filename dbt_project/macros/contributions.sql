{#-
    Union of what the vendors contribute to a canonical entity: explicit columns, so that a map that lacks one fails
    at once. The vendors of an entity stand in the project variable `contributions`.
-#}
{% macro union_contributions(entity, columns) %}
    {%- set vendors = var('contributions').get(entity, []) -%}
    {%- if not vendors -%}
        {{ exceptions.raise_compiler_error("No vendor contributes to '" ~ entity ~ "': list one in var 'contributions' of dbt_project.yml.") }}
    {%- endif -%}
    {%- for vendor in vendors %}
    select
        {%- for column in columns %}
        {{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ ref('map_' ~ vendor ~ '__' ~ entity) }}
    {%- if not loop.last %}
    union all
    {%- endif -%}
    {%- endfor %}
{%- endmacro %}

{#- Union of contributions with the identity columns every contribution brings, before its own. -#}
{% macro contributions(entity, columns) %}
    {%- set identity = [
        'source_vendor', 'source_instance', 'source_entity', 'source_id', 'version_at', 'loaded_at', 'source_load_id'
    ] -%}
    {{- union_contributions(entity, identity + columns) }}
{%- endmacro %}

{#- The identity columns of a contribution: the staged record it is made from (alias of the staged relation). -#}
{% macro mapped_identity(vendor, entity, staged) -%}
    '{{ vendor }}' as source_vendor,
    {{ staged }}.source_instance,
    '{{ entity }}' as source_entity,
    {{ staged }}.source_id,
    {{ staged }}.version_at,
    {{ staged }}.loaded_at,
    {{ staged }}.source_load_id
{%- endmacro %}

{#- The identity columns of a canonical row; its own id and qtc_id stand around them. -#}
{% macro canonical_identity(relation) -%}
    {{ relation }}.source_vendor,
    {{ relation }}.source_instance,
    {{ relation }}.source_entity,
    {{ relation }}.source_id
{%- endmacro %}

{#- When the version was made and read, and by which load. -#}
{% macro canonical_version(relation) -%}
    {{ relation }}.version_at,
    {{ relation }}.loaded_at,
    {{ relation }}.source_load_id
{%- endmacro %}
