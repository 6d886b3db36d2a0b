{#-
    Why a record cannot be read, or NULL. `fields` maps a name to [text expression, typed expression]: text that is
    there while the typed value is NULL is the culprit. The first one found names the reason.
-#}
{% macro quarantine_reason(fields) -%}
    case
        when is_malformed then 'payload is not a JSON object'
        {%- for name, pair in fields.items() %}
        when {{ pair[0] }} is not null and {{ pair[1] }} is null then '{{ name }} cannot be read'
        {%- endfor %}
    end
{%- endmacro %}
