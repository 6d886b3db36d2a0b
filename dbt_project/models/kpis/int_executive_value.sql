{%- set views = [
    'part_backlog', 'part_time', 'part_utilization', 'part_invoice', 'part_margin', 'part_revenue', 'part_receivable', 'part_cash',
    'part_exception', 'part_correction'
] %}

{%- for view in views %}
select
    month,
    legal_entity_id,
    region,
    practice,
    kpi_id,
    variant,
    unit,
    mart,
    -- a duration is ranked, so its values stay apart; what is summed is summed here
    case when unit = 'days' then numerator end as days,
    cast(count(*) as bigint) as parts,
    cast(count(numerator) as bigint) as known_parts,
    cast(count(denominator) as bigint) as divided_parts,
    sum(numerator) as numerator,
    sum(denominator) as denominator
from {{ ref(view) }}
group by month, legal_entity_id, region, practice, kpi_id, variant, unit, mart, case when unit = 'days' then numerator end
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
