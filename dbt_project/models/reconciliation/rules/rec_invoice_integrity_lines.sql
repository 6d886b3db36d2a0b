with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'invoice_integrity.lines' and is_applicable
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

line_sum as (
    select
        invoice_id,
        sum(net_amount) as net_amount,
        max(version_at) as version_at
    from lines
    group by invoice_id
),

compared as (
    select
        documents.*,
        line_sum.net_amount as line_amount,
        documents.net_amount - coalesce(line_sum.net_amount, 0) as difference,
        currencies.minor_unit,
        {{ torn_reason('documents.version_at', 'line_sum.version_at') }} as pending_reason
    from documents
    cross join leg
    left join line_sum on documents.invoice_id = line_sum.invoice_id
    left join currencies on documents.functional_currency = currencies.currency_id
)

select
    'invoice_integrity' as rule_id,
    'invoice_integrity.lines' as leg,
    'amount' as measure,
    case when line_amount is null then 'unexplained' when pending_reason is not null then 'timing' else 'break' end as kind,
    case when line_amount is not null then 'header_line_mismatch' end as break_class,
    invoice_id as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    region,
    'billing' as workflow_stage,
    period,
    currency,
    source_instance as left_system,
    invoice_id as left_ref,
    cast(net_amount as decimal(18, 4)) as left_amount,
    source_instance as right_system,
    invoice_id as right_ref,
    cast(line_amount as decimal(18, 4)) as right_amount,
    cast(difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    {{ date_start('issue_date') }} as event_at,
    cast(null as timestamp) as due_at,
    pending_reason,
    case when line_amount is null then 'document has no lines' else 'header without tax is not the sum of the lines' end as failure_reason,
    functional_currency as exposure_currency,
    {{ round_to_minor_unit(money_times('abs(difference)', 'exchange_rate'), 'minor_unit') }} as exposure_amount
from compared
where difference <> 0
