{{ config(materialized='table') }}

{% for vendor, entities in var('controls').items() -%}
{% set vendor_loop = loop -%}
{% for entity in entities -%}
select
    vendor,
    instance,
    entity,
    currency,
    period,
    measure,
    raw_total
from {{ ref('rec_control_' ~ vendor ~ '__' ~ entity) }}
{% if not (loop.last and vendor_loop.last) %}union all
{% endif -%}
{% endfor -%}
{% endfor -%}
