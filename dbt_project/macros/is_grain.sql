{#- Columns that together name each row: no two rows are equal in all of them (NULL equals NULL). -#}
{% test is_grain(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as occurrences
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
