{#- Calendar helpers without engine-specific formats. -#}

{#- Fiscal period 'YYYY-MM' of a date. -#}
{% macro period_of(date) -%}
    {{ return(adapter.dispatch('period_of', 'qtc')(date)) }}
{%- endmacro %}

{% macro default__period_of(date) -%}
    strftime({{ date }}, '%Y-%m')
{%- endmacro %}

{% macro spark__period_of(date) -%}
    date_format({{ date }}, 'yyyy-MM')
{%- endmacro %}

{#- First day of a period 'YYYY-MM'. -#}
{% macro period_start(period) -%}
    try_cast({{ period }} || '-01' as date)
{%- endmacro %}

{#- Last day of a period 'YYYY-MM'. -#}
{% macro period_end(period) -%}
    {{ return(adapter.dispatch('period_end', 'qtc')(period)) }}
{%- endmacro %}

{% macro default__period_end(period) -%}
    last_day({{ period_start(period) }})
{%- endmacro %}

{#- Whole days from one date to another, bigint. -#}
{% macro days_between(first, second) -%}
    {{ return(adapter.dispatch('days_between', 'qtc')(first, second)) }}
{%- endmacro %}

{% macro default__days_between(first, second) -%}
    cast({{ second }} - {{ first }} as bigint)
{%- endmacro %}

{% macro spark__days_between(first, second) -%}
    cast(datediff({{ second }}, {{ first }}) as bigint)
{%- endmacro %}

{#- Seconds from one timestamp to a later one, with milliseconds. -#}
{% macro seconds_between(first, second) -%}
    {{ return(adapter.dispatch('seconds_between', 'qtc')(first, second)) }}
{%- endmacro %}

{% macro default__seconds_between(first, second) -%}
    cast((epoch_ms({{ second }}) - epoch_ms({{ first }})) * cast(0.001 as decimal(4, 3)) as decimal(18, 3))
{%- endmacro %}

{% macro spark__seconds_between(first, second) -%}
    cast(
        (unix_millis(cast({{ second }} as timestamp)) - unix_millis(cast({{ first }} as timestamp)))
        * cast(0.001 as decimal(4, 3)) as decimal(18, 3))
{%- endmacro %}

{#- A date moved by days (an integer expression). -#}
{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days', 'qtc')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    cast({{ date }} + cast({{ days }} as integer) as date)
{%- endmacro %}

{% macro spark__add_days(date, days) -%}
    date_add({{ date }}, cast({{ days }} as integer))
{%- endmacro %}

{#- A timestamp moved by hours (an integer expression). -#}
{% macro add_hours(timestamp, hours) -%}
    {{ return(adapter.dispatch('add_hours', 'qtc')(timestamp, hours)) }}
{%- endmacro %}

{% macro default__add_hours(timestamp, hours) -%}
    cast({{ timestamp }} + to_hours(cast({{ hours }} as integer)) as timestamp)
{%- endmacro %}

{% macro spark__add_hours(timestamp, hours) -%}
    timestampadd(hour, {{ hours }}, {{ timestamp }})
{%- endmacro %}

{#- Number of a period 'YYYY-MM', so that months can be counted; bigint. -#}
{% macro month_number(period) -%}
    cast(cast(substr({{ period }}, 1, 4) as integer) * 12 + cast(substr({{ period }}, 6, 2) as integer) as bigint)
{%- endmacro %}

{#- Weekdays (Monday to Friday) from Monday 2000-01-03 to a date, both counted. -#}
{% macro weekdays_up_to(date) -%}
    (
        5 * cast(floor(({{ days_between("cast('2000-01-03' as date)", date) }} + 1) / 7) as bigint)
        + least(mod({{ days_between("cast('2000-01-03' as date)", date) }} + 1, 7), 5)
    )
{%- endmacro %}
