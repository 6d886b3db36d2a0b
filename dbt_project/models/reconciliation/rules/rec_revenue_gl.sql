with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'revenue.gl' and is_applicable
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized
),

entries as (
    select * from {{ ref('core_gl_entry') }}
    where account_type = 'revenue'
),

legal_entities as (
    select * from {{ ref('core_legal_entity') }}
),

left_cell as (
    select
        coalesce(journal_source_id, 'planned:' || revenue_entry_id) as document_key,
        legal_entity_id,
        period,
        sum(functional_amount) as amount,
        max(version_at) as version_at
    from revenue
    group by coalesce(journal_source_id, 'planned:' || revenue_entry_id), legal_entity_id, period
),

right_cell as (
    select
        transaction_source_id as document_key,
        legal_entity_id,
        posting_period as period,
        -sum(amount) as amount,
        max(version_at) as version_at
    from entries
    group by transaction_source_id, legal_entity_id, posting_period
),

compared as (
    select
        coalesce(left_cell.document_key, right_cell.document_key) as document_key,
        coalesce(left_cell.legal_entity_id, right_cell.legal_entity_id) as legal_entity_id,
        coalesce(left_cell.period, right_cell.period) as period,
        left_cell.document_key as left_ref,
        right_cell.document_key as right_ref,
        left_cell.amount as left_amount,
        right_cell.amount as right_amount,
        coalesce(left_cell.amount, 0) - coalesce(right_cell.amount, 0) as difference,
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
        case when compared.legal_entity_id <> 'unassigned' then 'subledger_mismatch' end as break_class,
        {{ torn_reason('compared.left_version_at', 'compared.right_version_at') }} as pending_reason
    from compared
    cross join leg
    where compared.difference <> 0
)

select
    'revenue' as rule_id,
    'revenue.gl' as leg,
    'amount' as measure,
    case when named.break_class is null then 'unexplained' when named.pending_reason is not null then 'timing' else 'break' end as kind,
    named.break_class,
    named.document_key as grain_key,
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    cast(null as {{ dbt.type_string() }}) as contract_id,
    cast(null as {{ dbt.type_string() }}) as customer_id,
    named.legal_entity_id,
    'unassigned' as region,
    'revenue' as workflow_stage,
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
    {{ date_start(period_end('named.period')) }} as event_at,
    cast(null as timestamp) as due_at,
    named.pending_reason,
    case
        when named.right_ref is null then 'recognized revenue is not in the ledger'
        when named.left_ref is null then 'the ledger holds revenue without a recognition entry'
        else 'recognition entries and ledger differ'
    end as failure_reason
from named
left join legal_entities on named.legal_entity_id = legal_entities.legal_entity_id
