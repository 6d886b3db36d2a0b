-- Time, expenses and milestones are billed from a PSA; every other source item is a schedule line of the ERP itself.
select
    {{ mapped_identity('netsuite', 'transactionline', 'line') }},
    {{ record_key('line.source_instance', 'line.transaction_id') }} as invoice_id,
    line.line_number,
    case line.document_type when 'write_off' then 'write_off' else line.source_type end as source_type,
    case
        when line.document_type <> 'write_off' and coalesce(line.source_type, '') not in ('time', 'expense', 'milestone')
            then {{ record_key('line.source_instance', 'line.source_item') }}
    end as source_item_id,
    case
        when line.document_type <> 'write_off' and line.source_type in ('time', 'expense', 'milestone') then line.source_item
    end as psa_source_id,
    line.minutes,
    -line.ledger_amount as net_amount,
    -line.functional_amount as functional_amount,
    line.currency,
    coalesce(line.is_posted, false) as is_posted
from {{ ref('int_netsuite__line') }} as line
where line.line_kind = 'invoice_item'
