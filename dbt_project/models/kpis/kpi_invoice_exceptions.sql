with documents as (
    select * from {{ ref('int_posted_document') }}
),

exceptions as (
    select * from {{ ref('fct_invoice_exception') }}
),

issued as (
    select
        invoice_id,
        {{ period_of('issue_date') }} as period,
        legal_entity_id,
        region,
        practice,
        currency,
        net_amount,
        case when document_type = 'invoice' then 1 else 0 end as is_invoice
    from documents
),

issued_cell as (
    select
        period,
        legal_entity_id,
        region,
        practice,
        currency,
        sum(is_invoice) as issued_invoices,
        sum(case when is_invoice = 1 then net_amount else 0 end) as issued_amount
    from issued
    group by period, legal_entity_id, region, practice, currency
),

-- a document under each of its classes, and once under 'any'
classed as (
    select
        invoice_id,
        break_class,
        sum(exposure_reporting) as exposure_reporting
    from exceptions
    group by invoice_id, break_class
    union all
    select
        invoice_id,
        'any' as break_class,
        sum(exposure_reporting) as exposure_reporting
    from exceptions
    group by invoice_id
),

excepted_cell as (
    select
        issued.period,
        issued.legal_entity_id,
        issued.region,
        issued.practice,
        issued.currency,
        classed.break_class,
        sum(issued.is_invoice) as excepted_invoices,
        sum(case when issued.is_invoice = 1 then issued.net_amount else 0 end) as excepted_amount,
        sum(classed.exposure_reporting) as exposure_reporting
    from classed
    inner join issued on classed.invoice_id = issued.invoice_id
    group by issued.period, issued.legal_entity_id, issued.region, issued.practice, issued.currency, classed.break_class
),

known_class as (
    select
        period,
        legal_entity_id,
        region,
        practice,
        currency,
        break_class
    from excepted_cell
    union
    select
        period,
        legal_entity_id,
        region,
        practice,
        currency,
        'any' as break_class
    from issued_cell
)

select
    known_class.period,
    known_class.legal_entity_id,
    known_class.region,
    known_class.practice,
    known_class.currency,
    known_class.break_class,
    cast(issued_cell.issued_invoices as bigint) as issued_invoices,
    cast(issued_cell.issued_amount as decimal(24, 4)) as issued_amount,
    cast(coalesce(excepted_cell.excepted_invoices, 0) as bigint) as excepted_invoices,
    cast(coalesce(excepted_cell.excepted_amount, 0) as decimal(24, 4)) as excepted_amount,
    cast(coalesce(excepted_cell.exposure_reporting, 0) as decimal(24, 4)) as exposure_reporting,
    {{ ratio('coalesce(excepted_cell.excepted_invoices, 0)', 'issued_cell.issued_invoices') }} as exception_rate
from known_class
inner join issued_cell
    on
        known_class.period = issued_cell.period
        and known_class.legal_entity_id = issued_cell.legal_entity_id
        and known_class.region = issued_cell.region
        and known_class.practice = issued_cell.practice
        and known_class.currency = issued_cell.currency
left join excepted_cell
    on
        known_class.period = excepted_cell.period
        and known_class.legal_entity_id = excepted_cell.legal_entity_id
        and known_class.region = excepted_cell.region
        and known_class.practice = excepted_cell.practice
        and known_class.currency = excepted_cell.currency
        and known_class.break_class = excepted_cell.break_class
