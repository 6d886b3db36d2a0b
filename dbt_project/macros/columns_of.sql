{#- One row per column of the models named: mart, column_name. Asks the engine, so only while dbt runs. -#}
{% macro columns_of(models) %}
    {%- for model in models %}
    {%- set relation = ref(model) %}
    {%- if execute %}
    {%- for column in adapter.get_columns_in_relation(relation) %}
    select
        '{{ model }}' as mart,
        '{{ column.name | lower }}' as column_name
    union all
    {%- endfor %}
    {%- endif %}
    {%- endfor %}
    select
        '' as mart,
        '' as column_name
    where false
{% endmacro %}
