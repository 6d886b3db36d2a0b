-- Time, expenses and milestones are billed from the PSA; every other source item is a schedule line of the ERP itself.
with psa as (
    select min(instance) as instance
    from {{ source('raw', 'qtc_instance') }}
    where role = 'psa'
)

select
    {{ mapped_identity('netsuite', 'transactionline', 'line') }},
    {{ record_key('line.source_instance', 'line.transaction_id') }} as invoice_id,
    line.line_number,
    case line.document_type when 'write_off' then 'write_off' else line.source_type end as source_type,
    case
        when line.document_type = 'write_off' then null
        when line.source_type in ('time', 'expense', 'milestone') then {{ record_key('psa.instance', 'line.source_item') }}
        else {{ record_key('line.source_instance', 'line.source_item') }}
    end as source_item_id,
    line.minutes,
    -line.ledger_amount as net_amount,
    -line.functional_amount as functional_amount,
    line.currency,
    coalesce(line.is_posted, false) as is_posted
from {{ ref('int_netsuite__line') }} as line
cross join psa
where line.line_kind = 'invoice_item'
