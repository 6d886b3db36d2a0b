select
    {{ mapped_identity('netsuite', 'transactionaccountingline', 'entry') }},
    {{ record_key('entry.source_instance', 'entry.transaction_id') }} as transaction_source_id,
    case document.transaction_type
        when 'CustInvc' then 'invoice'
        when 'CustCred' then 'credit_memo'
        when 'CustPymt' then 'payment'
        when 'Journal' then 'journal'
        else 'other'
    end as document_type,
    case
        when document.transaction_type in ('CustInvc', 'CustCred', 'CustPymt')
            then {{ record_key('entry.source_instance', 'entry.transaction_id') }}
    end as document_id,
    {{ record_key('entry.source_instance', 'entry.account_id') }} as gl_account_id,
    document.project_id,
    document.legal_entity_id,
    document.posting_period,
    entry.amount
from {{ ref('stg_netsuite__transactionaccountingline') }} as entry
inner join {{ ref('int_netsuite__document') }} as document
    on entry.source_instance = document.source_instance and entry.transaction_id = document.source_id
where
    entry.quarantine_reason is null
    and entry.accounting_book = '1'
    and coalesce(entry.is_posted, true)
