with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'invoice_integrity.tax' and is_applicable
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

tax_lines as (
    select * from {{ ref('core_tax_line') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

customers as (
    select * from {{ ref('core_customer') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

tax_sum as (
    select
        invoice_id,
        sum(tax_amount) as tax_amount,
        max(version_at) as version_at
    from tax_lines
    group by invoice_id
),

line_sum as (
    select
        invoice_id,
        count(*) as line_count,
        sum(net_amount) as net_amount
    from lines
    group by invoice_id
),

compared as (
    select
        documents.*,
        customers.tax_rate,
        line_sum.line_count,
        line_sum.net_amount as line_net,
        coalesce(tax_sum.tax_amount, 0) as line_tax,
        documents.tax_amount - coalesce(tax_sum.tax_amount, 0) as difference,
        currencies.minor_unit,
        {{ torn_reason('documents.version_at', 'tax_sum.version_at') }} as pending_reason
    from documents
    cross join leg
    left join tax_sum on documents.invoice_id = tax_sum.invoice_id
    left join currencies on documents.functional_currency = currencies.currency_id
    left join customers on documents.customer_id = customers.customer_id
    left join line_sum on documents.invoice_id = line_sum.invoice_id
),

-- header and lines may agree on a rate that is not the customer's; half a cent may go in the rounding of each line. Where
-- they do not even agree on the net, no rate can be told: that is the business of the lines
named as (
    select
        compared.*,
        case
            when difference <> 0 then 'tax_mismatch'
            when
                document_type <> 'write_off' and net_amount = line_net
                and abs(tax_amount * 100 - {{ money_times('net_amount', 'tax_rate') }}) > 0.5 * line_count
                then 'tax_rate_unexpected'
        end as break_class
    from compared
)

select
    'invoice_integrity' as rule_id,
    'invoice_integrity.tax' as leg,
    'amount' as measure,
    case
        when break_class = 'tax_rate_unexpected' then 'condition'
        when pending_reason is not null then 'timing'
        else 'break'
    end as kind,
    break_class,
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
    cast(tax_amount as decimal(18, 4)) as left_amount,
    source_instance as right_system,
    invoice_id as right_ref,
    cast(line_tax as decimal(18, 4)) as right_amount,
    cast(difference as decimal(18, 4)) as difference,
    case when break_class = 'tax_rate_unexpected' then gross_amount end as blocked_amount,
    {{ date_start('issue_date') }} as event_at,
    cast(null as timestamp) as due_at,
    case when break_class = 'tax_mismatch' then pending_reason end as pending_reason,
    case break_class
        when 'tax_mismatch' then 'tax in the header is not the sum of the tax lines'
        else 'the tax is not what the rate of the customer asks for'
    end as failure_reason,
    functional_currency as exposure_currency,
    {{ round_to_minor_unit(money_times('abs(difference)', 'exchange_rate'), 'minor_unit') }} as exposure_amount
from named
where break_class is not null
