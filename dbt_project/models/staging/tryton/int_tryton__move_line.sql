{{ config(materialized='table') }}

select
    line.source_instance,
    line.source_id,
    line.version_at,
    line.loaded_at,
    line.source_load_id,
    line.move_id,
    line.account_id,
    line.party_id,
    line.debit - line.credit as amount,
    line.debit,
    line.second_amount,
    line.second_currency,
    line.maturity_date,
    line.reconciliation_id,
    {{ tryton_reference('line.origin', 'account.invoice.line') }} as invoice_line_id,
    {{ tryton_reference('move.origin', 'account.invoice') }} as origin_invoice_id,
    move.move_date,
    move.company_id,
    move.status = 'posted' as is_posted,
    journal.journal_type,
    account.is_receivable,
    account.is_revenue,
    company.currency as functional_currency,
    legal_entity.legal_entity_id,
    {{ period_of('period.start_date') }} as posting_period
from {{ ref('stg_tryton__account_move_line') }} as line
inner join {{ ref('stg_tryton__account_move') }} as move
    on line.source_instance = move.source_instance and line.move_id = move.source_id
left join {{ ref('stg_tryton__account_account') }} as account
    on line.source_instance = account.source_instance and line.account_id = account.source_id
left join {{ ref('stg_tryton__account_journal') }} as journal
    on move.source_instance = journal.source_instance and move.journal_id = journal.source_id
left join {{ ref('stg_tryton__account_period') }} as period
    on move.source_instance = period.source_instance and move.period_id = period.source_id
left join {{ ref('stg_tryton__company_company') }} as company
    on move.source_instance = company.source_instance and move.company_id = company.source_id
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on move.source_instance = legal_entity.instance and move.company_id = legal_entity.source_key
where line.quarantine_reason is null and move.quarantine_reason is null
