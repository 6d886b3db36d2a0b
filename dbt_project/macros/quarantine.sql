{#-
    What staging says about every record, whatever its entity: who it is, and why it cannot be read.
-#}

{#- Identity of a staged record, from the columns every base model has. -#}
{% macro staged_identity() -%}
    instance as source_instance,
    record_id as source_id,
    version_at,
    read_at as loaded_at,
    load_id as source_load_id
{%- endmacro %}

{#-
    Why a record cannot be read, or NULL: its payload is no JSON object, or a field holds text that its cast turns
    into NULL. Arguments are the base model's field names by the cast staging applies to them.
-#}
{% macro quarantine_reason(
    dates=[], timestamps=[], money=[], rates=[], integers=[], cents=[], booleans=[], hours=[]
) -%}
    case
        when is_malformed then 'payload is not a JSON object'
        {%- for f in dates %}
        when {{ f }} is not null and {{ to_date(f) }} is null then '{{ f }} is not a date'
        {%- endfor %}
        {%- for f in timestamps %}
        when {{ f }} is not null and {{ to_timestamp(f) }} is null then '{{ f }} is not a timestamp'
        {%- endfor %}
        {%- for f in money %}
        when {{ f }} is not null and {{ to_money(f) }} is null then '{{ f }} is not an amount'
        {%- endfor %}
        {%- for f in rates %}
        when {{ f }} is not null and {{ to_rate(f) }} is null then '{{ f }} is not a rate'
        {%- endfor %}
        {%- for f in integers %}
        when {{ f }} is not null and {{ to_integer(f) }} is null then '{{ f }} is not an integer'
        {%- endfor %}
        {%- for f in cents %}
        when {{ f }} is not null and {{ cents_to_money(f) }} is null then '{{ f }} is not an amount in cents'
        {%- endfor %}
        {%- for f in booleans %}
        when {{ f }} is not null and {{ to_boolean(f) }} is null then '{{ f }} is not a boolean'
        {%- endfor %}
        {%- for f in hours %}
        when {{ f }} is not null and {{ hours_to_minutes(f) }} is null then '{{ f }} is not a duration H:MM'
        {%- endfor %}
    end
{%- endmacro %}

{#-
    Records that end before the canonical room, with what control totals need of them: source currency, own date,
    amount and minutes as far as they can be read. `reason` is an expression, `condition` says which records.
-#}
{% macro set_aside(
    vendor, entity, relation, reason, condition, currency='null', record_date='null', amount='null', minutes='null'
) -%}
    select
        '{{ vendor }}' as source_vendor,
        record.source_instance,
        '{{ entity }}' as source_entity,
        record.source_id,
        {{ reason }} as reason,
        cast({{ currency }} as {{ dbt.type_string() }}) as currency,
        cast({{ record_date }} as date) as record_date,
        cast({{ amount }} as decimal(18, 4)) as amount,
        cast({{ minutes }} as integer) as minutes
    from {{ relation }} as record
    where {{ condition }}
{%- endmacro %}

{#- Records staging could not read. -#}
{% macro unreadable(vendor, entity, relation, currency='null', record_date='null', amount='null', minutes='null') -%}
    {{ set_aside(
        vendor, entity, relation, 'record.quarantine_reason', 'record.quarantine_reason is not null',
        currency, record_date, amount, minutes
    ) }}
{%- endmacro %}
