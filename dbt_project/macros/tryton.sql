{#-
    Tryton's tagged values, {"__class__": "Decimal", "decimal": "1.50"}, as the texts the casts read. A value that is
    there but does not have its tag's shape is given back as it is, so that the cast fails and names it.
-#}

{% macro tryton_decimal(text) -%}
    coalesce({{ json_member(text, 'decimal') }}, cast({{ text }} as {{ dbt.type_string() }}))
{%- endmacro %}

{% macro tryton_seconds(text) -%}
    coalesce({{ json_member(text, 'seconds') }}, cast({{ text }} as {{ dbt.type_string() }}))
{%- endmacro %}

{% macro tryton_date(text) -%}
    coalesce(
        lpad({{ json_member(text, 'year') }}, 4, '0') || '-' || lpad({{ json_member(text, 'month') }}, 2, '0')
        || '-' || lpad({{ json_member(text, 'day') }}, 2, '0'),
        cast({{ text }} as {{ dbt.type_string() }})
    )
{%- endmacro %}

{#- SQLite gives stored booleans as 0 and 1, computed ones as true and false. -#}
{% macro tryton_boolean(text) -%}
    case {{ text }} when '1' then 'true' when '0' then 'false' else {{ text }} end
{%- endmacro %}

{#- Seconds (text, may carry a fraction) as integer minutes, rounded half away from zero. -#}
{% macro seconds_to_minutes(text) -%}
    cast({{ money_div('try_cast(' ~ text ~ ' as decimal(16, 6))', '60', 0) }} as integer)
{%- endmacro %}

{#- Id of a reference 'model,id' when it names that model, else NULL. -#}
{% macro tryton_reference(text, model) -%}
    case when {{ text }} like '{{ model }},%' then substr({{ text }}, {{ model | length + 2 }}) end
{%- endmacro %}

{#- Canonical id of the ERP project a sale stands for: sales and project works have ids of their own. -#}
{% macro tryton_sale_project(instance, sale_id) -%}
    {{ instance }} || ':sale.sale,' || {{ sale_id }}
{%- endmacro %}

{#- Members of the live records of an entity straight from the raw payload: for control totals that need two entities. -#}
{% macro tryton_live(entity, members) %}
{%- set raw = source('raw', 'tryton__' ~ entity) -%}
    select
        content.instance,
        content.record_id
        {%- for member in members %},
        {{ control_member(member) }} as {{ member }}
        {%- endfor %}
    from {{ raw }} as content
    where not content.is_deleted
    qualify
        row_number() over (
            partition by content.instance, content.record_id
            order by
                coalesce(content.version_at, content.read_at) desc nulls last,
                content.read_at desc nulls last,
                content.load_id desc nulls last,
                content.ordinal desc nulls last
        ) = 1
        and not exists (
            select 1
            from {{ raw }} as later
            where
                later.instance = content.instance
                and later.record_id = content.record_id
                and later.is_deleted
                and (later.read_at, later.load_id, later.ordinal) > (content.read_at, content.load_id, content.ordinal)
        )
{% endmacro %}
