{#- Amounts between currencies and ratios, exact; one place for their rounding. -#}

{#-
    An amount of one currency in another, by way of the reporting currency (amount × from_rate / to_rate), rounded half
    away from zero to cents. Rates are units of reporting currency per unit; NULL where one is unknown.
-#}
{% macro cross_convert(amount, from_currency, to_currency, from_rate, to_rate) -%}
    case
        when {{ from_currency }} = {{ to_currency }} then cast({{ amount }} as decimal(28, 4))
        else {{ money_div('cast(' ~ amount ~ ' * 100 as decimal(20, 2)) * ' ~ from_rate, '100 * ' ~ to_rate, 2) }}
    end
{%- endmacro %}

{#- An amount in the reporting currency, rounded to cents. -#}
{% macro to_reporting(amount, rate) -%}
    {{ round_half_away('cast(' ~ amount ~ ' as decimal(22, 4)) * ' ~ rate, 2) }}
{%- endmacro %}

{#- numerator / denominator to six places, DECIMAL(18,6); NULL at zero. -#}
{% macro ratio(numerator, denominator) -%}
    cast({{ money_div(numerator, denominator, 6) }} as decimal(18, 6))
{%- endmacro %}
