with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'billing_terms.erp' and is_applicable
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

terms as (
    select * from {{ ref('int_billing_term') }}
),

standing as (
    select * from {{ ref('int_time_value') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

changes as (
    select * from {{ ref('core_contract_term') }}
    where field = 'payment_terms'
),

documents as (
    select * from {{ ref('int_posted_document') }}
    where document_type = 'invoice' and not is_fully_credited
),

invoices as (
    select * from {{ ref('core_invoice') }}
),

waiting as (
    select
        contract_id,
        sum(unbilled_value) as unbilled_value
    from standing
    group by contract_id
),

expected as (
    select
        leg.*,
        positions.contract_id,
        positions.qtc_id,
        positions.customer_id,
        positions.legal_entity_id,
        positions.region,
        positions.currency,
        positions.source_instance,
        positions.billed_amount,
        positions.version_at,
        coalesce(waiting.unbilled_value, 0) as unbilled_value,
        {{ date_start('positions.signed_date') }} as event_at
    from positions
    cross join leg
    left join waiting on positions.contract_id = waiting.contract_id
),

differing as (
    select * from terms
    where our_value is null or our_value <> coalesce(their_value, '')
),

found as (
    select
        differing.*,
        case when our_value is null then 'missing_purchase_order' else 'billing_terms_mismatch' end as break_class,
        1 as left_amount,
        0 as right_amount
    from differing
    union all
    select
        differing.*,
        'billing_terms_mismatch' as break_class,
        0 as left_amount,
        1 as right_amount
    from differing
    where their_value is not null
),

judged as (
    select
        leg.*,
        found.attribute,
        found.our_value,
        found.their_value,
        found.right_ref,
        found.break_class,
        found.left_amount,
        found.right_amount,
        {{ pending_reason('leg.event_at', 'leg.version_at', 'found.right_version_at', 'right') }} as pending_reason,
        {{ due_at('leg.event_at') }} as due_at
    from expected as leg
    inner join found on leg.contract_id = found.contract_id
),

-- terms in force on the day of an invoice: what the first later change replaced, else what holds now
issued as (
    select
        documents.*,
        invoices.payment_terms,
        contracts.payment_terms as current_terms,
        leg.leg_id,
        leg.left_instance,
        leg.right_instance
    from documents
    inner join invoices on documents.invoice_id = invoices.invoice_id
    inner join expected as leg on documents.contract_id = leg.contract_id
    inner join contracts on documents.contract_id = contracts.contract_id
    where invoices.payment_terms is not null
),

history as (
    select
        issued.invoice_id,
        changes.old_value,
        cast(changes.changed_at as date) > issued.issue_date as is_later,
        row_number() over (
            partition by issued.invoice_id, cast(changes.changed_at as date) > issued.issue_date
            order by changes.changed_at asc nulls last, changes.contract_term_id asc nulls last
        ) as change_rank,
        coalesce(changes.old_value = issued.payment_terms, false) as is_former
    from issued
    inner join changes on issued.contract_id = changes.contract_id
),

past_terms as (
    select
        invoice_id,
        max(case when is_later and change_rank = 1 then 1 else 0 end) = 1 as was_replaced,
        max(case when is_later and change_rank = 1 then old_value end) as terms_then,
        max(case when not is_later and is_former then 1 else 0 end) = 1 as had_been_replaced
    from history
    group by invoice_id
),

stale as (
    select
        issued.*,
        case when past_terms.was_replaced then past_terms.terms_then else issued.current_terms end as valid_terms
    from issued
    inner join past_terms on issued.invoice_id = past_terms.invoice_id
    where
        past_terms.had_been_replaced
        and issued.payment_terms <> coalesce(case when past_terms.was_replaced then past_terms.terms_then else issued.current_terms end, '')
),

overrun as (
    select
        expected.*,
        contracts.po_number,
        contracts.po_amount,
        expected.billed_amount + expected.unbilled_value as used_amount
    from expected
    inner join contracts on expected.contract_id = contracts.contract_id
    where expected.billed_amount + expected.unbilled_value > contracts.po_amount
)

select
    'billing_terms' as rule_id,
    leg_id as leg,
    'count' as measure,
    case when pending_reason is not null then 'timing' else 'break' end as kind,
    break_class,
    contract_id || ':' || attribute as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    region,
    'contract' as workflow_stage,
    as_of_period as period,
    cast(null as {{ dbt.type_string() }}) as currency,
    source_instance as left_system,
    case when left_amount > 0 then contract_id end as left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(left_amount - right_amount as decimal(18, 4)) as difference,
    cast(unbilled_value as decimal(18, 4)) as blocked_amount,
    event_at,
    due_at,
    pending_reason,
    case
        when break_class = 'missing_purchase_order' then 'the order names no purchase order though one is required'
        when left_amount > 0 then 'the contract says ' || our_value || ', the ERP ' || coalesce(their_value, 'nothing')
        else 'the ERP says ' || their_value || ', the contract ' || our_value
    end as failure_reason
from judged
union all
select
    'billing_terms' as rule_id,
    leg_id as leg,
    'count' as measure,
    'condition' as kind,
    'stale_terms_invoiced' as break_class,
    invoice_id as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    region,
    'billing' as workflow_stage,
    period,
    currency,
    left_instance as left_system,
    contract_id as left_ref,
    cast(1 as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    invoice_id as right_ref,
    cast(1 as decimal(18, 4)) as right_amount,
    cast(0 as decimal(18, 4)) as difference,
    gross_amount as blocked_amount,
    {{ date_start('issue_date') }} as event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    'invoiced at ' || payment_terms || ', agreed on that day was ' || coalesce(valid_terms, 'nothing') as failure_reason
from stale
union all
select
    'billing_terms' as rule_id,
    leg_id as leg,
    'amount' as measure,
    'condition' as kind,
    'purchase_order_overrun' as break_class,
    contract_id as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    region,
    'billing' as workflow_stage,
    as_of_period as period,
    currency,
    source_instance as left_system,
    contract_id as left_ref,
    cast(used_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    po_number as right_ref,
    po_amount as right_amount,
    cast(0 as decimal(18, 4)) as difference,
    cast(unbilled_value as decimal(18, 4)) as blocked_amount,
    event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    'billed and waiting fees exceed the purchase order' as failure_reason
from overrun
