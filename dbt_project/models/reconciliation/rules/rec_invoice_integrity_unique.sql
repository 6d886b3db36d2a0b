with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'invoice_integrity.unique' and is_applicable
),

documents as (
    select * from {{ ref('int_posted_document') }}
    where document_type = 'invoice' and not is_fully_credited
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

issued as (
    select * from {{ ref('core_invoice') }}
    where is_posted
),

-- what an invoice bills, without listing it: first, last and number of its source items
content as (
    select
        invoice_id,
        min(coalesce(source_type, '') || ':' || source_item_id) as first_item,
        max(coalesce(source_type, '') || ':' || source_item_id) as last_item,
        count(source_item_id) as item_count
    from lines
    group by invoice_id
),

ranked as (
    select
        documents.*,
        row_number() over (
            partition by documents.legal_entity_id, documents.customer_id, documents.document_number
            order by documents.issue_date asc nulls last, documents.invoice_id asc nulls last
        ) as number_rank,
        case when content.item_count > 0 then row_number() over (
            partition by
                documents.legal_entity_id, documents.customer_id, documents.issue_date, documents.net_amount,
                content.first_item, content.last_item, content.item_count
            order by documents.invoice_id asc nulls last
        ) else 1 end as content_rank,
        first_value(documents.invoice_id) over (
            partition by documents.legal_entity_id, documents.customer_id, documents.document_number
            order by documents.issue_date asc nulls last, documents.invoice_id asc nulls last
        ) as number_original,
        first_value(documents.invoice_id) over (
            partition by
                documents.legal_entity_id, documents.customer_id, documents.issue_date, documents.net_amount,
                content.first_item, content.last_item, content.item_count
            order by documents.invoice_id asc nulls last
        ) as content_original
    from documents
    cross join leg
    left join content on documents.invoice_id = content.invoice_id
),

-- a number is a prefix and the digits at its end; each legal entity counts a series of its own, voids and credits included
numbered as (
    select distinct
        legal_entity_id,
        regexp_extract(document_number, '^(.*?)([0-9]+)$', 1) as prefix,
        try_cast(regexp_extract(document_number, '^(.*?)([0-9]+)$', 2) as bigint) as number
    from issued
),

succession as (
    select
        legal_entity_id,
        prefix,
        number,
        lag(number) over (partition by legal_entity_id, prefix order by number asc nulls last) + 1 as first_free
    from numbered
    where number is not null
)

select
    'invoice_integrity' as rule_id,
    'invoice_integrity.unique' as leg,
    'count' as measure,
    'break' as kind,
    'duplicate_invoice' as break_class,
    invoice_id as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    region,
    'billing' as workflow_stage,
    period,
    cast(null as {{ dbt.type_string() }}) as currency,
    source_instance as left_system,
    invoice_id as left_ref,
    cast(1 as decimal(18, 4)) as left_amount,
    source_instance as right_system,
    case when number_rank > 1 then number_original else content_original end as right_ref,
    cast(0 as decimal(18, 4)) as right_amount,
    cast(1 as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    {{ date_start('issue_date') }} as event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    case
        when number_rank > 1 then 'the customer already has an invoice of this number'
        else 'the same items are invoiced with the same amount on the same day'
    end as failure_reason
from ranked
where number_rank > 1 or content_rank > 1
union all
select
    'invoice_integrity' as rule_id,
    'invoice_integrity.unique' as leg,
    'count' as measure,
    'condition' as kind,
    'invoice_number_gap' as break_class,
    succession.legal_entity_id || ':' || succession.prefix || ':' || cast(succession.first_free as {{ dbt.type_string() }}) as grain_key,
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    cast(null as {{ dbt.type_string() }}) as contract_id,
    cast(null as {{ dbt.type_string() }}) as customer_id,
    succession.legal_entity_id,
    'unassigned' as region,
    'billing' as workflow_stage,
    leg.as_of_period as period,
    cast(null as {{ dbt.type_string() }}) as currency,
    leg.left_instance as left_system,
    succession.prefix || cast(succession.first_free as {{ dbt.type_string() }}) as left_ref,
    cast(null as decimal(18, 4)) as left_amount,
    leg.right_instance as right_system,
    succession.prefix || cast(succession.number as {{ dbt.type_string() }}) as right_ref,
    cast(null as decimal(18, 4)) as right_amount,
    cast(0 as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    cast(succession.number - succession.first_free as {{ dbt.type_string() }}) || ' of the series on no posted document' as failure_reason
from succession
cross join leg
where succession.number > succession.first_free
