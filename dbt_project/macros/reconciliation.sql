{#-
    Rules' shared vocabulary: when a row is only late (timing), the columns every rec_ model has, and the rows' order.
    `leg` in these macros is the alias of int_leg in the calling query.
-#}

{#-
    Why a row that differs may still be right, or NULL: the other side was read before the event (unread), a side
    changed between the two reads (torn), the interface still has time (in_transit). After due_at nothing is pending.
    `expected_on` is the side on which the counterpart should appear.
-#}
{% macro pending_reason(event_at, left_version_at, right_version_at, expected_on) -%}
    case
        when {{ due_at(event_at) }} < leg.as_of then null
        when {{ event_at }} > leg.{{ expected_on }}_read_through then 'unread'
        when {{ is_torn(left_version_at, right_version_at) }} then 'torn'
        when {{ add_hours(event_at, 'leg.interface_sla_hours') }} > leg.as_of then 'in_transit'
    end
{%- endmacro %}

{#- Both sides in one system: no interface may be late, only a change between two reads excuses a difference. -#}
{% macro torn_reason(left_version_at, right_version_at) -%}
    case when {{ is_torn(left_version_at, right_version_at) }} then 'torn' end
{%- endmacro %}

{% macro is_torn(left_version_at, right_version_at) -%}
    (coalesce({{ left_version_at }} > leg.both_read_through, false) or coalesce({{ right_version_at }} > leg.both_read_through, false))
{%- endmacro %}

{#- The instant after which a pending row is a break, whatever the reads say. -#}
{% macro due_at(event_at) -%}
    {{ add_hours(event_at, '(leg.interface_sla_hours + leg.max_load_gap_hours)') }}
{%- endmacro %}

{#- Union of the rules' rows: the columns every rec_ model has, in order, and no others. -#}
{% macro union_rules(models) %}
    {%- set columns = [
        'rule_id', 'leg', 'measure', 'kind', 'break_class', 'grain_key', 'qtc_id', 'contract_id', 'customer_id',
        'legal_entity_id', 'region', 'workflow_stage', 'period', 'currency', 'left_system', 'left_ref', 'left_amount',
        'right_system', 'right_ref', 'right_amount', 'difference', 'blocked_amount', 'event_at', 'due_at',
        'pending_reason', 'failure_reason'
    ] %}
    {%- for model in models %}
    select
        {%- for column in columns %}
        {{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ ref(model) }}
    {%- if not loop.last %}
    union all
    {%- endif -%}
    {%- endfor %}
{%- endmacro %}

{#- What breaks and conditions of rules claim, where their rows name the item themselves. -#}
{% macro claims_of(models) %}
    {%- for model in models %}
    select
        rule_id,
        leg,
        grain_key,
        break_class,
        exposure_item as item_key,
        exposure_amount as amount,
        exposure_currency as currency,
        exposure_base as base
    from {{ ref(model) }}
    where kind in ('break', 'condition') and exposure_item is not null
    {%- if not loop.last %}
    union all
    {%- endif -%}
    {%- endfor %}
{%- endmacro %}

{#- A date as the instant it begins, naive UTC. -#}
{% macro date_start(date) -%}
    cast({{ date }} as timestamp)
{%- endmacro %}

{#- What a document line bills is fees: neither costs passed on nor a receivable given up. -#}
{% macro is_fee(source_type) -%}
    coalesce({{ source_type }}, 'none') not in ('expense', 'write_off')
{%- endmacro %}
