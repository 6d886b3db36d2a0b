-- A sale is the contract and the ERP project it is invoiced against: its second reading, counted on its own.
select
    vendor,
    instance,
    'sale_sale_project' as entity,
    '' as currency,
    '' as period,
    measure,
    sum(raw_total) as raw_total
from (
    {{ control_totals('tryton', 'sale_sale') }}
) as sale
group by vendor, instance, measure
