select
    entry.source_instance,
    entry.source_id,
    entry.debit
from {{ ref('stg_netsuite__transactionaccountingline') }} as entry
left join {{ ref('int_netsuite__document') }} as document
    on entry.source_instance = document.source_instance and entry.transaction_id = document.source_id
where
    entry.quarantine_reason is null
    and entry.accounting_book = '1'
    and coalesce(entry.is_posted, true)
    and document.source_id is null
