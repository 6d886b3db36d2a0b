{#-
    Text to typed value, in one place. Every cast is guarded: what cannot be read becomes NULL, and the
    staging model turns "text there, value NULL" into a quarantine reason (see quarantine.sql).
-#}

{#- dbt's own safe_cast is a plain cast on both adapters and raises. -#}
{% macro duckdb__safe_cast(field, type) -%}
    try_cast({{ field }} as {{ type }})
{%- endmacro %}

{% macro spark__safe_cast(field, type) -%}
    try_cast({{ field }} as {{ type }})
{%- endmacro %}

{% macro to_date(text) -%}
    try_cast({{ text }} as date)
{%- endmacro %}

{#- Any zone the text names, as naive UTC; without a zone the text is UTC (the session's zone). -#}
{% macro to_timestamp(text) -%}
    {{ return(adapter.dispatch('to_timestamp', 'qtc')(text)) }}
{%- endmacro %}

{% macro default__to_timestamp(text) -%}
    cast(try_cast({{ text }} as timestamp with time zone) as timestamp)
{%- endmacro %}

{% macro spark__to_timestamp(text) -%}
    cast(try_cast({{ text }} as timestamp) as timestamp_ntz)
{%- endmacro %}

{% macro to_money(text) -%}
    try_cast({{ text }} as decimal(18, 4))
{%- endmacro %}

{% macro to_rate(text) -%}
    try_cast({{ text }} as decimal(18, 6))
{%- endmacro %}

{#- '2.7' is 3 on DuckDB and NULL on Spark: only digits with a sign pass. -#}
{% macro to_integer(text) -%}
    {{ return(adapter.dispatch('to_integer', 'qtc')(text)) }}
{%- endmacro %}

{% macro default__to_integer(text) -%}
    case when regexp_matches({{ text }}, '^[+-]?[0-9]{1,9}$') then cast({{ text }} as integer) end
{%- endmacro %}

{% macro spark__to_integer(text) -%}
    case when {{ text }} rlike '^[+-]?[0-9]{1,9}$' then cast({{ text }} as integer) end
{%- endmacro %}

{#- Integer hundredths (cents) as money; '100.5' cents are not money. -#}
{% macro cents_to_money(text) -%}
    {{ return(adapter.dispatch('cents_to_money', 'qtc')(text)) }}
{%- endmacro %}

{% macro default__cents_to_money(text) -%}
    case when regexp_matches({{ text }}, '^[+-]?[0-9]{1,15}$')
        then cast(cast({{ text }} as decimal(16, 0)) * cast(0.01 as decimal(3, 2)) as decimal(18, 4)) end
{%- endmacro %}

{% macro spark__cents_to_money(text) -%}
    case when {{ text }} rlike '^[+-]?[0-9]{1,15}$'
        then cast(cast({{ text }} as decimal(16, 0)) * cast(0.01 as decimal(3, 2)) as decimal(18, 4)) end
{%- endmacro %}

{#- 'T'/'F' and 'true'/'false'; anything else is unknown. -#}
{% macro to_boolean(text) -%}
    case when lower({{ text }}) in ('t', 'true') then true when lower({{ text }}) in ('f', 'false') then false end
{%- endmacro %}

{#- 'H:MM' (hours may exceed 24, a leading minus is allowed) as integer minutes. -#}
{% macro hours_to_minutes(text) -%}
    {{ return(adapter.dispatch('hours_to_minutes', 'qtc')(text)) }}
{%- endmacro %}

{% macro default__hours_to_minutes(text) -%}
    case when regexp_matches({{ text }}, '^-?[0-9]{1,6}:[0-5][0-9]$')
        then cast(
            (case when {{ text }} like '-%' then -1 else 1 end)
            * (cast(replace(split_part({{ text }}, ':', 1), '-', '') as integer) * 60
                + cast(split_part({{ text }}, ':', 2) as integer)) as integer)
    end
{%- endmacro %}

{% macro spark__hours_to_minutes(text) -%}
    case when {{ text }} rlike '^-?[0-9]{1,6}:[0-5][0-9]$'
        then cast(
            (case when {{ text }} like '-%' then -1 else 1 end)
            * (cast(replace(split_part({{ text }}, ':', 1), '-', '') as integer) * 60
                + cast(split_part({{ text }}, ':', 2) as integer)) as integer)
    end
{%- endmacro %}
