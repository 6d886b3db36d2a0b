with contribution as (
    {{- contributions('invoice', [
        'document_type', 'document_number', 'customer_id', 'project_id', 'legal_entity_id', 'currency',
        'exchange_rate', 'issue_date', 'due_date', 'posting_period', 'is_posted', 'is_void', 'gross_amount',
        'tax_amount', 'functional_gross', 'functional_net', 'credited_invoice_id', 'po_number', 'created_by',
        'credit_reason', 'payment_terms', 'is_disputed', 'dispute_opened', 'dispute_closed', 'dispute_reason'
    ]) }}
),

placed as (
    select
        contribution.source_instance,
        contribution.source_id,
        project.qtc_id,
        project_link.contract_id,
        coalesce(contribution.legal_entity_id, project.legal_entity_id, 'unassigned') as legal_entity_id,
        contribution.gross_amount - coalesce(contribution.tax_amount, 0) as net_amount,
        coalesce(contribution.posting_period, {{ period_of('contribution.issue_date') }}) as rate_period
    from contribution
    left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
    left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as invoice_id,
    {{ canonical_identity('contribution') }},
    placed.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.document_type,
    contribution.document_number,
    contribution.customer_id,
    placed.contract_id,
    contribution.project_id,
    placed.legal_entity_id,
    contribution.currency,
    contribution.exchange_rate,
    contribution.issue_date,
    contribution.due_date,
    contribution.posting_period,
    contribution.is_posted,
    contribution.is_void,
    contribution.gross_amount,
    contribution.tax_amount,
    cast(placed.net_amount as decimal(18, 4)) as net_amount,
    contribution.functional_gross,
    contribution.functional_net,
    legal_entity.functional_currency,
    contribution.credited_invoice_id,
    contribution.po_number,
    {{ round_to_minor_unit(money_times('placed.net_amount', 'reporting_rate.rate'), 'reporting_currency.minor_unit') }}
        as net_amount_reporting,
    contribution.created_by,
    contribution.credit_reason,
    contribution.payment_terms,
    contribution.is_disputed,
    contribution.dispute_opened,
    contribution.dispute_closed,
    contribution.dispute_reason
from contribution
inner join placed on contribution.source_instance = placed.source_instance and contribution.source_id = placed.source_id
cross join {{ source('raw', 'qtc_build') }} as build
left join {{ ref('core_legal_entity') }} as legal_entity on placed.legal_entity_id = legal_entity.legal_entity_id
left join {{ ref('core_exchange_rate') }} as reporting_rate
    on
        contribution.currency = reporting_rate.from_currency
        and placed.rate_period = reporting_rate.period
        and reporting_rate.rate_type = 'average'
left join {{ ref('core_currency') }} as reporting_currency on build.reporting_currency = reporting_currency.currency_id
