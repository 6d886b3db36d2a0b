{{ config(materialized='table') }}

-- A source that counts without currency is compared without it. The source moves while it is read: a raw total between
-- the counts taken before the first page and after the last is explained.
with control as (
    select
        vendor,
        instance,
        entity,
        currency,
        measure,
        sum(raw_total) as raw_total
    from {{ ref('rec_control') }}
    group by vendor, instance, entity, currency, measure
),

source_count as (
    select
        vendor,
        instance,
        entity,
        coalesce(currency, '') as currency,
        measure,
        sum(count_before) as source_before,
        sum(count_after) as source_after
    from {{ source('raw', 'qtc_source_count') }}
    group by vendor, instance, entity, coalesce(currency, ''), measure
),

counted as (
    select
        vendor,
        instance,
        entity,
        measure,
        max(case when currency <> '' then 1 else 0 end) as has_currency
    from source_count
    group by vendor, instance, entity, measure
),

read_total as (
    select
        control.vendor,
        control.instance,
        control.entity,
        case when counted.has_currency = 1 then control.currency else '' end as currency,
        control.measure,
        sum(control.raw_total) as raw_total
    from control
    inner join counted
        on
            control.vendor = counted.vendor
            and control.instance = counted.instance
            and lower(control.entity) = lower(counted.entity)
            and control.measure = counted.measure
    group by
        control.vendor, control.instance, control.entity, control.measure,
        case when counted.has_currency = 1 then control.currency else '' end
),

compared as (
    select
        coalesce(source_count.vendor, read_total.vendor) as vendor,
        coalesce(source_count.instance, read_total.instance) as instance,
        coalesce(source_count.entity, read_total.entity) as entity,
        coalesce(source_count.currency, read_total.currency) as currency,
        coalesce(source_count.measure, read_total.measure) as measure,
        coalesce(source_count.source_before, 0) as source_before,
        coalesce(source_count.source_after, 0) as source_after,
        coalesce(read_total.raw_total, 0) as raw_total
    from source_count
    full outer join read_total
        on
            source_count.vendor = read_total.vendor
            and source_count.instance = read_total.instance
            and lower(source_count.entity) = lower(read_total.entity)
            and source_count.currency = read_total.currency
            and source_count.measure = read_total.measure
)

select
    vendor,
    instance,
    entity,
    currency,
    measure,
    source_before,
    source_after,
    raw_total,
    source_after - source_before as changed_during_read,
    source_after - raw_total as difference,
    raw_total between least(source_before, source_after) and greatest(source_before, source_after) as is_explained
from compared
