-- Timesheet lines of an invoice line that a credit note takes back in full: each is a canonical invoice line again.
with line as (
    {{ tryton_live('account_invoice_line', ['invoice', 'origin', 'quantity', 'type']) }}
),

entry as (
    {{ tryton_live('timesheet_line', ['invoice_line']) }}
)

select
    'tryton' as vendor,
    credit.instance,
    'timesheet_line_credited' as entity,
    '' as currency,
    '' as period,
    'count' as measure,
    cast(count(*) as decimal(38, 4)) as raw_total
from line as credit
inner join line as credited
    on credit.instance = credited.instance and credit.origin = 'account.invoice.line,' || credited.record_id
inner join entry on credited.instance = entry.instance and credited.record_id = entry.invoice_line
where try_cast(credit.quantity as decimal(18, 6)) = -try_cast(credited.quantity as decimal(18, 6))
group by credit.instance
