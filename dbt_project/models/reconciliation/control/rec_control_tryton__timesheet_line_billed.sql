-- Timesheet lines that name an invoice line: each is a canonical invoice line of its own.
select
    vendor,
    instance,
    'timesheet_line_billed' as entity,
    '' as currency,
    '' as period,
    'count' as measure,
    sum(raw_total) as raw_total
from (
    {{ control_totals(
        'tryton', 'timesheet_line',
        minutes="case when " ~ control_member('invoice_line') ~ " is not null then 1 else 0 end"
    ) }}
) as line
where measure = 'minutes'
group by vendor, instance
