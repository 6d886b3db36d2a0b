{{ config(materialized='table') }}

-- The subsidiary stands on the lines, the period and the currency are ids: resolved once here for every use of a header.
with line_total as (
    select
        line.source_instance,
        line.transaction_id,
        min(line.subsidiary_id) as subsidiary_id,
        sum(case
            when not coalesce(line.is_main_line, false)
                then -{{ round_half_away(money_times('line.ledger_amount', 'header.exchange_rate')) }}
        end) as functional_gross,
        sum(case
            when not coalesce(line.is_main_line, false) and not coalesce(line.is_tax_line, false)
                then -{{ round_half_away(money_times('line.ledger_amount', 'header.exchange_rate')) }}
        end) as functional_net
    from {{ ref('stg_netsuite__transactionline') }} as line
    inner join {{ ref('stg_netsuite__transaction') }} as header
        on line.source_instance = header.source_instance and line.transaction_id = header.source_id
    where line.quarantine_reason is null
    group by line.source_instance, line.transaction_id
)

select
    header.source_instance,
    header.source_id,
    header.version_at,
    header.loaded_at,
    header.source_load_id,
    header.transaction_type,
    case
        when header.transaction_type = 'CustInvc' then 'invoice'
        when header.transaction_type = 'CustCred' and header.credit_reason = 'bad_debt' then 'write_off'
        when header.transaction_type = 'CustCred' then 'credit_memo'
        when header.transaction_type = 'CustPymt' then 'payment'
        when header.transaction_type = 'Journal' and header.reversed_id is not null then 'reversal'
        when header.transaction_type = 'Journal' then 'journal'
        when header.transaction_type = 'SalesOrd' then 'order'
        else 'other'
    end as document_type,
    header.document_number,
    {{ record_key('header.source_instance', 'header.customer_id') }} as customer_id,
    {{ record_key('header.source_instance', 'header.job_id') }} as project_id,
    legal_entity.legal_entity_id,
    currency.currency_code as currency,
    header.exchange_rate,
    header.transaction_date,
    header.due_date,
    {{ period_of('period.start_date') }} as posting_period,
    header.is_posted,
    header.is_void,
    header.gross_amount,
    header.tax_amount,
    cast(coalesce(
        line_total.functional_gross,
        {{ round_half_away(money_times('header.gross_amount', 'header.exchange_rate')) }}
    ) as decimal(18, 4)) as functional_gross,
    cast(coalesce(
        line_total.functional_net,
        {{ round_half_away(money_times('(header.gross_amount - coalesce(header.tax_amount, 0))', 'header.exchange_rate')) }}
    ) as decimal(18, 4)) as functional_net,
    header.created_from_id,
    header.reversed_id,
    header.po_number,
    header.created_by,
    header.credit_reason,
    term.name as payment_terms,
    header.is_disputed,
    header.dispute_opened,
    header.dispute_closed,
    header.dispute_reason
from {{ ref('stg_netsuite__transaction') }} as header
left join line_total
    on header.source_instance = line_total.source_instance and header.source_id = line_total.transaction_id
left join {{ ref('stg_netsuite__job') }} as job
    on header.source_instance = job.source_instance and header.job_id = job.source_id
left join {{ ref('stg_netsuite__customer') }} as customer
    on header.source_instance = customer.source_instance and header.customer_id = customer.source_id
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on
        header.source_instance = legal_entity.instance
        and coalesce(line_total.subsidiary_id, job.subsidiary_id, customer.subsidiary_id) = legal_entity.source_key
left join {{ ref('stg_netsuite__currency') }} as currency
    on header.source_instance = currency.source_instance and header.currency_id = currency.source_id
left join {{ ref('stg_netsuite__accountingperiod') }} as period
    on header.source_instance = period.source_instance and header.posting_period_id = period.source_id
left join {{ ref('stg_netsuite__term') }} as term
    on header.source_instance = term.source_instance and header.terms_id = term.source_id
where header.quarantine_reason is null
