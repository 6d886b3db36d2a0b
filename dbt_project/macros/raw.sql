{#-
    From raw versions to parsed versions (base) and to the latest live version (staging).
    Order of versions: content by the greatest (version_at or read_at, read_at, load_id, ordinal) among versions with
    content; alive or dead by the last observation (read_at, load_id, ordinal).
-#}

{#- Struct of text fields, parsed once; NULL fields where the payload is not a JSON object. -#}
{% macro parse_payload(payload, fields) -%}
    {{ return(adapter.dispatch('parse_payload', 'qtc')(payload, fields)) }}
{%- endmacro %}

{% macro default__parse_payload(payload, fields) -%}
    from_json(
        case when json_valid({{ payload }}) then {{ payload }} end,
        '{ {%- for f in fields %}"{{ f }}":"VARCHAR"{% if not loop.last %},{% endif %}{% endfor -%} }'
    )
{%- endmacro %}

{% macro spark__parse_payload(payload, fields) -%}
    from_json({{ payload }}, '{% for f in fields %}`{{ f }}` string{% if not loop.last %}, {% endif %}{% endfor %}')
{%- endmacro %}

{#- True unless the payload is a JSON object. -#}
{% macro is_malformed(payload) -%}
    {{ return(adapter.dispatch('is_malformed', 'qtc')(payload)) }}
{%- endmacro %}

{% macro default__is_malformed(payload) -%}
    coalesce(case when json_valid({{ payload }}) then json_type({{ payload }}) end, '') <> 'OBJECT'
{%- endmacro %}

{% macro spark__is_malformed(payload) -%}
    json_object_keys({{ payload }}) is null
{%- endmacro %}

{#- One member of a JSON object held as text. -#}
{% macro json_member(text, member) -%}
    {{ return(adapter.dispatch('json_member', 'qtc')(text, member)) }}
{%- endmacro %}

{% macro default__json_member(text, member) -%}
    case when json_valid({{ text }}) then json_extract_string({{ text }}, '$.{{ member }}') end
{%- endmacro %}

{% macro spark__json_member(text, member) -%}
    get_json_object({{ text }}, '$.{{ member }}')
{%- endmacro %}

{#- One row per element of a JSON array of texts held as text (in a select list). -#}
{% macro json_elements(text) -%}
    {{ return(adapter.dispatch('json_elements', 'qtc')(text)) }}
{%- endmacro %}

{% macro default__json_elements(text) -%}
    unnest(from_json(case when json_valid({{ text }}) then {{ text }} end, '["VARCHAR"]'))
{%- endmacro %}

{% macro spark__json_elements(text) -%}
    explode(from_json({{ text }}, 'array<string>'))
{%- endmacro %}

{#- Body of a base model: all versions of loads that are not in the table yet, every field as text. -#}
{% macro base_versions(vendor, entity, fields) %}
with new_version as (
    select
        record_id,
        instance,
        load_id,
        ordinal,
        version_at,
        read_at,
        is_deleted,
        is_inferred,
        payload,
        {{ parse_payload('payload', fields) }} as record
    from {{ source('raw', vendor ~ '__' ~ entity) }}
    {%- if is_incremental() %}
    where load_id not in (select known.load_id from {{ this }} as known)
    {%- endif %}
)

select
    record_id,
    instance,
    load_id,
    ordinal,
    cast(version_at as timestamp) as version_at,
    cast(read_at as timestamp) as read_at,
    is_deleted,
    is_inferred,
    {{ is_malformed('payload') }} as is_malformed
    {%- for f in fields %},
    record.{{ adapter.quote(f) }} as {{ adapter.quote(f | lower) }}
    {%- endfor %}
from new_version
{% endmacro %}

{#- Latest version of each live record of a base model: all its columns, one row per instance and record. -#}
{% macro latest_version(base) %}
    select *
    from (
        select
            *,
            row_number() over (
                partition by instance, record_id
                order by
                    is_deleted asc nulls last,
                    coalesce(version_at, read_at) desc nulls last,
                    read_at desc nulls last,
                    load_id desc nulls last,
                    ordinal desc nulls last
            ) as content_rank,
            first_value(is_deleted) over (
                partition by instance, record_id
                order by read_at desc nulls last, load_id desc nulls last, ordinal desc nulls last
            ) as is_dead
        from {{ base }}
    ) as ranked
    where content_rank = 1 and not is_dead
{% endmacro %}
