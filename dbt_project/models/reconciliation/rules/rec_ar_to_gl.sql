with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'ar_to_gl' and is_applicable
),

subledger as (
    select * from {{ ref('int_receivable') }}
),

entries as (
    select * from {{ ref('core_gl_entry') }}
    where account_type = 'receivable'
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

left_cell as (
    select
        document_key,
        legal_entity_id,
        period,
        sum(amount) as amount,
        max(version_at) as version_at,
        max(event_date) as event_date
    from subledger
    group by document_key, legal_entity_id, period
),

right_cell as (
    select
        coalesce(document_id, transaction_source_id) as document_key,
        legal_entity_id,
        posting_period as period,
        max(document_type) as document_type,
        sum(amount) as amount,
        max(version_at) as version_at
    from entries
    group by coalesce(document_id, transaction_source_id), legal_entity_id, posting_period
),

compared as (
    select
        coalesce(left_cell.document_key, right_cell.document_key) as document_key,
        coalesce(left_cell.legal_entity_id, right_cell.legal_entity_id) as legal_entity_id,
        coalesce(left_cell.period, right_cell.period) as period,
        left_cell.document_key as left_ref,
        right_cell.document_key as right_ref,
        right_cell.document_type,
        left_cell.amount as left_amount,
        right_cell.amount as right_amount,
        coalesce(left_cell.amount, 0) - coalesce(right_cell.amount, 0) as difference,
        left_cell.event_date,
        left_cell.version_at as left_version_at,
        right_cell.version_at as right_version_at
    from left_cell
    full outer join right_cell
        on
            left_cell.document_key = right_cell.document_key
            and left_cell.legal_entity_id = right_cell.legal_entity_id
            and left_cell.period = right_cell.period
),

named as (
    select
        compared.*,
        leg.left_instance,
        leg.right_instance,
        case
            when compared.document_type = 'fx_revaluation' and compared.left_ref is null then 'fx_revaluation'
            when compared.document_type = 'journal' and compared.left_ref is null then 'journal_on_control_account'
            when
                compared.left_ref is not null
                or compared.document_type in ('invoice', 'credit_memo', 'write_off', 'payment', 'reversal')
                then 'subledger_mismatch'
        end as break_class,
        {{ torn_reason('compared.left_version_at', 'compared.right_version_at') }} as pending_reason
    from compared
    cross join leg
    where compared.difference <> 0
),

legal_entities as (
    select * from {{ ref('core_legal_entity') }}
)

select
    'ar_to_gl' as rule_id,
    'ar_to_gl' as leg,
    'amount' as measure,
    case
        when named.break_class is null then 'unexplained'
        when named.break_class = 'fx_revaluation' then 'reconciling'
        when named.pending_reason is not null then 'timing'
        else 'break'
    end as kind,
    named.break_class,
    named.document_key as grain_key,
    documents.qtc_id,
    documents.contract_id,
    documents.customer_id,
    named.legal_entity_id,
    coalesce(documents.region, 'unassigned') as region,
    'cash' as workflow_stage,
    named.period,
    legal_entities.functional_currency as currency,
    named.left_instance as left_system,
    named.left_ref,
    cast(named.left_amount as decimal(18, 4)) as left_amount,
    named.right_instance as right_system,
    named.right_ref,
    cast(named.right_amount as decimal(18, 4)) as right_amount,
    cast(named.difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    {{ date_start('named.event_date') }} as event_at,
    cast(null as timestamp) as due_at,
    case when named.break_class <> 'fx_revaluation' then named.pending_reason end as pending_reason,
    case named.break_class
        when 'fx_revaluation' then 'revaluation of open foreign balances'
        when 'journal_on_control_account' then 'a journal was posted on the receivable account'
        when 'subledger_mismatch' then 'document and ledger hold different receivables'
        else 'the ledger entry belongs to no document or journal'
    end as failure_reason
from named
left join documents on named.document_key = documents.invoice_id
left join legal_entities on named.legal_entity_id = legal_entities.legal_entity_id
