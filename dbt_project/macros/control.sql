{#-
    Control totals C1, straight from the raw payload on a path of its own: no base or staging model, no typed struct,
    no join to other entities, no mapping; alive by the last observation, content by the greatest version order.
-#}

{#- A payload member as text, NULL where the payload cannot be read. -#}
{% macro control_member(member) -%}
    {{ return(adapter.dispatch('control_member', 'qtc')(member)) }}
{%- endmacro %}

{% macro default__control_member(member) -%}
    json_extract_string(content.payload, '$."{{ member }}"')
{%- endmacro %}

{% macro spark__control_member(member) -%}
    get_json_object(content.payload, '$.{{ member }}')
{%- endmacro %}

{#- Payload as it is where it is JSON, else NULL (DuckDB raises on malformed input). -#}
{% macro readable_payload(payload) -%}
    {{ return(adapter.dispatch('readable_payload', 'qtc')(payload)) }}
{%- endmacro %}

{% macro default__readable_payload(payload) -%}
    case when json_valid({{ payload }}) then {{ payload }} end
{%- endmacro %}

{% macro spark__readable_payload(payload) -%}
    {{ payload }}
{%- endmacro %}

{#-
    Totals of one entity: count always, amount and minutes where named. `currency` and `date` are payload members
    (`date_text` an expression instead, where the member is not a plain date);
    `amount` and `minutes` are expressions over members (control_member). Period and currency are '' where the record
    has none of its own.
-#}
{% macro control_totals(vendor, entity, currency=none, date=none, amount=none, minutes=none, date_text=none) %}
{%- set raw = source('raw', vendor ~ '__' ~ entity | lower) %}
with observed as (
    select
        instance,
        record_id,
        is_deleted,
        row_number() over (
            partition by instance, record_id
            order by read_at desc nulls last, load_id desc nulls last, ordinal desc nulls last
        ) as observation
    from {{ raw }}
),

versioned as (
    select
        instance,
        record_id,
        payload,
        row_number() over (
            partition by instance, record_id
            order by
                coalesce(version_at, read_at) desc nulls last,
                read_at desc nulls last,
                load_id desc nulls last,
                ordinal desc nulls last
        ) as version
    from {{ raw }}
    where not is_deleted
),

content as (
    select
        versioned.instance,
        {{ readable_payload('versioned.payload') }} as payload
    from versioned
    inner join observed
        on versioned.instance = observed.instance and versioned.record_id = observed.record_id
    where versioned.version = 1 and observed.observation = 1 and not observed.is_deleted
),

measured as (
    select
        content.instance,
        {% if currency %}coalesce({{ control_member(currency) }}, ''){% else %}''{% endif %} as currency,
        {% if date or date_text %}coalesce({{ period_of(to_date(date_text or control_member(date))) }}, ''){% else %}''{% endif %} as period,
        {% if amount %}{{ amount }}{% else %}cast(null as decimal(18, 4)){% endif %} as amount,
        {% if minutes %}{{ minutes }}{% else %}cast(null as integer){% endif %} as minutes
    from content
),

total as (
    select
        instance,
        currency,
        period,
        cast(count(*) as decimal(38, 4)) as record_count,
        cast(coalesce(sum(amount), 0) as decimal(38, 4)) as amount,
        cast(coalesce(sum(minutes), 0) as decimal(38, 4)) as minutes
    from measured
    group by instance, currency, period
)
{% for measure in ['count'] + (['amount'] if amount else []) + (['minutes'] if minutes else []) %}
{% if not loop.first %}union all
{% endif -%}
select
    '{{ vendor }}' as vendor,
    instance,
    '{{ entity }}' as entity,
    currency,
    period,
    '{{ measure }}' as measure,
    {{ 'record_count' if measure == 'count' else measure }} as raw_total
from total
{%- endfor %}
{% endmacro %}

{#-
    Totals C2 of one canonical entity by the record it came from: long form, one row per measure. A vendor whose rows
    here are second rows of a record conserved elsewhere (variable `second_rows`) is left out; `condition` leaves out
    such rows one by one.
-#}
{% macro canonical_totals(entity, currency='null', date='null', amount=none, minutes=none, condition='true') %}
    {%- set second = var('second_rows').get(entity, []) -%}
    {%- set currency_text = "coalesce(cast(" ~ currency ~ " as " ~ dbt.type_string() ~ "), '')" -%}
    {%- set period_text = "coalesce(" ~ period_of('cast(' ~ date ~ ' as date)') ~ ", '')" -%}
    {%- for measure in ['count'] + (['amount'] if amount else []) + (['minutes'] if minutes else []) %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        source_vendor as vendor,
        source_instance as instance,
        source_entity as entity,
        {{ currency_text }} as currency,
        {{ period_text }} as period,
        '{{ measure }}' as measure,
        cast({{ {'count': 'count(*)', 'amount': 'coalesce(sum(' ~ amount ~ '), 0)', 'minutes': 'coalesce(sum(' ~ minutes ~ '), 0)'}[measure] }} as decimal(38, 4)) as total
    from {{ ref('core_' ~ entity) }}
    where
        {{ condition }}
        {%- if second %}
        and source_vendor not in ({% for v in second %}'{{ v }}'{% if not loop.last %}, {% endif %}{% endfor %})
        {%- endif %}
    group by source_vendor, source_instance, source_entity, {{ currency_text }}, {{ period_text }}
    {%- endfor %}
{% endmacro %}
