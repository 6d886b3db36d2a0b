with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'revenue.position' and is_applicable
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized
),

documents as (
    select * from {{ ref('int_posted_document') }}
    where document_type in ('invoice', 'credit_memo')
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

entries as (
    select * from {{ ref('core_gl_entry') }}
    where account_type = 'contract_position'
),

recognized as (
    select
        revenue.contract_id,
        sum(revenue.functional_amount) as amount,
        max(revenue.version_at) as version_at
    from revenue
    cross join leg
    where revenue.period <= leg.as_of_period
    group by revenue.contract_id
),

-- fees and re-billed expenses alike: the account holds both
billed as (
    select
        documents.contract_id,
        sum(lines.functional_amount) as amount,
        max(documents.version_at) as version_at
    from documents
    inner join lines on documents.invoice_id = lines.invoice_id
    cross join leg
    where documents.period <= leg.as_of_period
    group by documents.contract_id
),

ledger as (
    select
        entries.contract_id,
        sum(entries.amount) as amount,
        max(entries.version_at) as version_at
    from entries
    cross join leg
    where entries.posting_period <= leg.as_of_period
    group by entries.contract_id
),

compared as (
    select
        positions.contract_id,
        positions.qtc_id,
        positions.customer_id,
        positions.legal_entity_id,
        positions.region,
        positions.functional_currency as currency,
        coalesce(recognized.amount, 0) - coalesce(billed.amount, 0) as left_amount,
        ledger.amount as right_amount,
        coalesce(recognized.amount, 0) - coalesce(billed.amount, 0) - coalesce(ledger.amount, 0) as difference,
        leg.left_instance,
        leg.right_instance,
        leg.as_of_period,
        {{ torn_reason('greatest(recognized.version_at, billed.version_at)', 'ledger.version_at') }} as torn
    from positions
    cross join leg
    left join recognized on positions.contract_id = recognized.contract_id
    left join billed on positions.contract_id = billed.contract_id
    left join ledger on positions.contract_id = ledger.contract_id
)

select
    'revenue' as rule_id,
    'revenue.position' as leg,
    'amount' as measure,
    case when torn is not null then 'timing' else 'break' end as kind,
    'revenue_misaligned' as break_class,
    contract_id as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'revenue' as workflow_stage,
    as_of_period as period,
    currency,
    left_instance as left_system,
    contract_id as left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    case when right_amount is not null then contract_id end as right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    {{ date_start(period_end('as_of_period')) }} as event_at,
    cast(null as timestamp) as due_at,
    torn as pending_reason,
    'recognized less billed is not what the contract position accounts hold' as failure_reason,
    'contract_position:' || contract_id as exposure_item,
    cast(abs(difference) as decimal(18, 4)) as exposure_amount,
    currency as exposure_currency,
    'misstatement' as exposure_base
from compared
where difference <> 0
