select
    {{ mapped_identity('netsuite', 'transactionaccountingline', 'entry') }},
    {{ record_key('entry.source_instance', 'entry.transaction_id') }} as transaction_source_id,
    document.document_type,
    case
        when document.document_type in ('invoice', 'credit_memo', 'write_off', 'payment', 'reversal')
            then {{ record_key('entry.source_instance', 'entry.transaction_id') }}
    end as document_id,
    {{ record_key('entry.source_instance', 'entry.account_id') }} as gl_account_id,
    coalesce(document.project_id, {{ record_key('entry.source_instance', 'journal_line.job_id') }}) as project_id,
    document.legal_entity_id,
    document.posting_period,
    entry.amount
from {{ ref('stg_netsuite__transactionaccountingline') }} as entry
inner join {{ ref('int_netsuite__document') }} as document
    on entry.source_instance = document.source_instance and entry.transaction_id = document.source_id
left join {{ ref('stg_netsuite__transactionline') }} as journal_line
    on
        entry.source_instance = journal_line.source_instance
        and entry.transaction_id = journal_line.transaction_id
        and entry.line_number = cast(journal_line.line_number as {{ dbt.type_string() }})
        and journal_line.job_id is not null
        and journal_line.quarantine_reason is null
where
    entry.quarantine_reason is null
    and entry.accounting_book = '1'
    and coalesce(entry.is_posted, true)
