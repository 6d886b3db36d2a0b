{#- A column names each row: never NULL, never twice. One query where unique and not_null would be two. -#}
{% test is_key(model, column_name) %}
select
    {{ column_name }},
    count(*) as occurrences
from {{ model }}
group by {{ column_name }}
having count(*) > 1 or {{ column_name }} is null
{% endtest %}
