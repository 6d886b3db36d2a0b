with contribution as (
    {{- union_contributions('invoice', identity_columns() + [
        'document_type', 'document_number', 'customer_id', 'project_id', 'legal_entity_id', 'currency',
        'exchange_rate', 'issue_date', 'due_date', 'posting_period', 'is_posted', 'is_void', 'gross_amount',
        'tax_amount', 'functional_gross', 'functional_net', 'credited_invoice_id', 'po_number'
    ]) }}
),

placed as (
    select
        c.source_instance,
        c.source_id,
        project.qtc_id,
        project_link.contract_id,
        coalesce(c.legal_entity_id, project.legal_entity_id, 'unassigned') as legal_entity_id,
        c.gross_amount - coalesce(c.tax_amount, 0) as net_amount,
        coalesce(c.posting_period, {{ period_of('c.issue_date') }}) as rate_period
    from contribution as c
    left join {{ ref('core_project') }} as project on c.project_id = project.project_id
    left join {{ ref('core_project_link') }} as project_link on c.project_id = project_link.project_id
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as invoice_id,
    {{ canonical_identity('c') }},
    placed.qtc_id,
    {{ canonical_version('c') }},
    c.document_type,
    c.document_number,
    c.customer_id,
    placed.contract_id,
    c.project_id,
    placed.legal_entity_id,
    c.currency,
    c.exchange_rate,
    c.issue_date,
    c.due_date,
    c.posting_period,
    c.is_posted,
    c.is_void,
    c.gross_amount,
    c.tax_amount,
    cast(placed.net_amount as decimal(18, 4)) as net_amount,
    c.functional_gross,
    c.functional_net,
    legal_entity.functional_currency,
    c.credited_invoice_id,
    c.po_number,
    {{ round_to_minor_unit(money_times('placed.net_amount', 'reporting_rate.rate'), 'reporting_currency.minor_unit') }}
        as net_amount_reporting
from contribution as c
inner join placed on c.source_instance = placed.source_instance and c.source_id = placed.source_id
cross join {{ source('raw', 'qtc_build') }} as build
left join {{ ref('core_legal_entity') }} as legal_entity on placed.legal_entity_id = legal_entity.legal_entity_id
left join {{ ref('core_exchange_rate') }} as reporting_rate
    on
        c.currency = reporting_rate.from_currency
        and placed.rate_period = reporting_rate.period
        and reporting_rate.rate_type = 'average'
left join {{ ref('core_currency') }} as reporting_currency on build.reporting_currency = reporting_currency.currency_id
