{{ config(materialized='table') }}

-- What a line is follows from its document's type: line_kind is a positive statement, NULL where none holds.
select
    line.source_instance,
    line.source_id,
    line.version_at,
    line.loaded_at,
    line.source_load_id,
    line.transaction_id,
    line.line_number,
    line.source_type,
    line.source_item,
    line.minutes,
    line.ledger_amount,
    {{ round_half_away(money_times('line.ledger_amount', 'document.exchange_rate')) }} as functional_amount,
    document.document_type,
    document.currency,
    document.is_posted,
    case
        when document.source_id is null then 'orphan'
        when coalesce(line.is_main_line, false) then 'header'
        when document.transaction_type in ('CustInvc', 'CustCred') and coalesce(line.is_tax_line, false) then 'invoice_tax'
        when document.transaction_type in ('CustInvc', 'CustCred') then 'invoice_item'
        when document.transaction_type = 'SalesOrd' and coalesce(line.is_tax_line, false) then 'order_tax'
        when document.transaction_type = 'SalesOrd' then 'order_item'
        when document.transaction_type in ('CustPymt', 'Journal') then 'ledger_only'
    end as line_kind
from {{ ref('stg_netsuite__transactionline') }} as line
left join {{ ref('int_netsuite__document') }} as document
    on line.source_instance = document.source_instance and line.transaction_id = document.source_id
where line.quarantine_reason is null
