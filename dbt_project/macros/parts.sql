{#-
    Parts of KPIs: what a cell of kpi_executive is the sum of, record by record. Every part view ends in `parts`, so that
    all have the same columns and a drill of a cell is a filter on one of them.
-#}

{#- The columns that name a record's source, its version and the load that brought it. -#}
{% macro source_columns(relation) -%}
    {{ relation }}.source_vendor,
    {{ relation }}.source_instance,
    {{ relation }}.source_entity,
    {{ relation }}.source_id,
    {{ relation }}.version_at,
    {{ relation }}.source_load_id
{%- endmacro %}

{#- The same columns where the record stands in one of two relations. -#}
{% macro source_columns_of_either(first, second) -%}
    {%- for column in ['source_vendor', 'source_instance', 'source_entity', 'source_id', 'version_at', 'source_load_id'] %}
    coalesce({{ first }}.{{ column }}, {{ second }}.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#-
    Rows of a part view: one branch per (relation, kpi_id, variant, numerator, denominator, unit, condition). A relation has
    month, legal_entity_id, region, practice and the source columns. None: no denominator, no condition.
-#}
{% macro parts(mart, branches) -%}
    {%- for relation, kpi_id, variant, numerator, denominator, unit, condition in branches %}
select
    month,
    legal_entity_id,
    region,
    practice,
    '{{ kpi_id }}' as kpi_id,
    '{{ variant }}' as variant,
    cast({{ numerator }} as decimal(24, 6)) as numerator,
    cast({{ denominator or 'null' }} as decimal(24, 6)) as denominator,
    '{{ unit }}' as unit,
    '{{ mart }}' as mart,
    {{ source_columns(relation) }}
from {{ relation }}
{%- if condition %}
where {{ condition }}
{%- endif %}
{%- if not loop.last %}
union all
{%- endif %}
    {%- endfor %}
{%- endmacro %}
