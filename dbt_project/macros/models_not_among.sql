{#- Rows (named, missing) of the project's mart models that are not among those named; for the end of a union. -#}
{% macro models_not_among(models) %}
    {%- if execute %}
    {%- for node in graph.nodes.values() %}
    {%- if node.resource_type == 'model' and node.name.split('_')[0] in ['dim', 'fct', 'kpi'] and node.name not in models %}
    union all
    select
        '{{ node.name }}' as named,
        'every column' as missing
    {%- endif %}
    {%- endfor %}
    {%- endif %}
{% endmacro %}
