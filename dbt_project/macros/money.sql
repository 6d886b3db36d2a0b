{#-
    Exact money arithmetic. On DuckDB `decimal / integer` is DOUBLE, so a quotient of money is formed on scaled
    integers and rounded half away from zero in the same step; `round` itself is exact on decimals on both engines.
-#}

{#- numerator / denominator, rounded half away from zero to `scale` places; both decimals of at most 6 places; NULL at zero. -#}
{% macro money_div(numerator, denominator, scale=2) -%}
    {{ return(adapter.dispatch('money_div', 'qtc')(numerator, denominator, scale)) }}
{%- endmacro %}

{% macro default__money_div(numerator, denominator, scale) -%}
    cast(
        cast(
            sign({{ numerator }}) * sign({{ denominator }}) * (
                (2 * cast(abs(cast({{ numerator }} as decimal(28, 6))) * {{ 10 ** 6 }} as hugeint) * {{ 10 ** scale }}
                    + cast(abs(cast({{ denominator }} as decimal(28, 6))) * {{ 10 ** 6 }} as hugeint))
                // nullif(2 * cast(abs(cast({{ denominator }} as decimal(28, 6))) * {{ 10 ** 6 }} as hugeint), 0)
            ) as decimal(28, 0)
        ) * cast(1{{ 'e-' ~ scale if scale else '' }} as decimal({{ scale + 1 }}, {{ scale }})) as decimal(28, {{ [scale, 4] | max }})
    )
{%- endmacro %}

{% macro spark__money_div(numerator, denominator, scale) -%}
    cast(round(cast({{ numerator }} as decimal(28, 6)) / nullif(cast({{ denominator }} as decimal(28, 6)), 0), {{ scale }})
        as decimal(28, {{ [scale, 4] | max }}))
{%- endmacro %}

{#- Money rounded half away from zero to a constant number of places, as DECIMAL(18,4). -#}
{% macro round_half_away(amount, scale=2) -%}
    cast(round({{ amount }}, {{ scale }}) as decimal(18, 4))
{%- endmacro %}

{#- Money rounded to a currency's minor unit held in a column (0, 2 or 3 places; unknown counts as 2). -#}
{% macro round_to_minor_unit(amount, minor_unit) -%}
    case {{ minor_unit }}
        when 0 then {{ round_half_away(amount, 0) }}
        when 3 then {{ round_half_away(amount, 3) }}
        else {{ round_half_away(amount, 2) }}
    end
{%- endmacro %}

{#- Product of money and a rate: exact to 10 places, for a rounding macro to finish. A product of two decimals of 18 stays at 18. -#}
{% macro money_times(amount, rate) -%}
    cast({{ amount }} as decimal(20, 4)) * cast({{ rate }} as decimal(18, 6))
{%- endmacro %}

{#- Value of time: minutes × hourly rate / 60, rounded half away from zero per entry to the minor unit. -#}
{% macro minutes_value(minutes, rate, minor_unit='2') -%}
    cast(case {{ minor_unit }}
        when 0 then {{ money_div('cast(' ~ minutes ~ ' as decimal(12, 0)) * cast(' ~ rate ~ ' as decimal(16, 6))', '60', 0) }}
        when 3 then {{ money_div('cast(' ~ minutes ~ ' as decimal(12, 0)) * cast(' ~ rate ~ ' as decimal(16, 6))', '60', 3) }}
        else {{ money_div('cast(' ~ minutes ~ ' as decimal(12, 0)) * cast(' ~ rate ~ ' as decimal(16, 6))', '60', 2) }}
    end as decimal(18, 4))
{%- endmacro %}

{#- A cost passed on: amount plus the agreed per cent (unknown counts as none), rounded half away from zero to cents. -#}
{% macro marked_up(amount, percent) -%}
    cast({{ money_div('cast(' ~ amount ~ ' as decimal(20, 4)) * cast(100 + coalesce(' ~ percent ~ ', 0) as decimal(8, 2))', '100', 2) }} as decimal(18, 4))
{%- endmacro %}

{#- numerator / denominator rounded half away from zero to the minor unit, as DECIMAL(18,4); NULL at zero. -#}
{% macro money_div_unit(numerator, denominator, minor_unit) -%}
    cast(case {{ minor_unit }}
        when 0 then {{ money_div(numerator, denominator, 0) }}
        when 3 then {{ money_div(numerator, denominator, 3) }}
        else {{ money_div(numerator, denominator, 2) }}
    end as decimal(18, 4))
{%- endmacro %}
