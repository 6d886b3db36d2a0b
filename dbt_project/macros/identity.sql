{#- Deterministic identities. -#}

{#- Lower-case md5 of texts joined by '|'; NULL counts as ''. -#}
{% macro digest(expressions) -%}
    md5({% for e in expressions %}coalesce(cast({{ e }} as {{ dbt.type_string() }}), ''){% if not loop.last %} || '|' || {% endif %}{% endfor %})
{%- endmacro %}

{#- Canonical id of a record: '<instance>:<id>'; NULL when the id is. -#}
{% macro record_key(instance, id) -%}
    {{ instance }} || ':' || {{ id }}
{%- endmacro %}

{#-
    Canonical id of a PSA record that an ERP record names by its id alone: of the PSA that delivers the contract of its
    project, without a project of the first PSA.
-#}
{% macro psa_record_key(project, id) -%}
    {{ record_key('coalesce(' ~ project ~ '.psa_instance, ' ~ first_psa() ~ ')', id) }}
{%- endmacro %}

{% macro first_psa() -%}
    (select min(instance_role.instance) from {{ source('raw', 'qtc_instance') }} as instance_role where instance_role.role = 'psa')
{%- endmacro %}

{#- uuid5(var qtc_namespace, name) as text, equal to Python's uuid.uuid5. -#}
{% macro uuid5(name) -%}
    {{ return(adapter.dispatch('uuid5', 'qtc')(name)) }}
{%- endmacro %}

{% macro default__uuid5(name) -%}
    {%- set sha = "sha1(unhex('" ~ var('qtc_namespace') | replace('-', '') ~ "') || encode(" ~ name ~ "))" -%}
    {{ uuid5_layout(sha) }}
{%- endmacro %}

{% macro spark__uuid5(name) -%}
    {%- set sha = "sha1(concat(unhex('" ~ var('qtc_namespace') | replace('-', '') ~ "'), encode(" ~ name ~ ", 'UTF-8')))" -%}
    {{ uuid5_layout(sha) }}
{%- endmacro %}

{#- Version nibble 5, variant bits 10, of a 40-digit hexadecimal sha1. -#}
{% macro uuid5_layout(sha) -%}
    substr({{ sha }}, 1, 8) || '-' || substr({{ sha }}, 9, 4) || '-5' || substr({{ sha }}, 14, 3) || '-'
    || translate(substr({{ sha }}, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab')
    || substr({{ sha }}, 18, 3) || '-' || substr({{ sha }}, 21, 12)
{%- endmacro %}

{#- Correlation id of an engagement: one per CRM instance and root opportunity. -#}
{% macro qtc_id(instance, opportunity_id) -%}
    {{ uuid5("'qtc:' || " ~ instance ~ " || ':' || " ~ opportunity_id) }}
{%- endmacro %}
