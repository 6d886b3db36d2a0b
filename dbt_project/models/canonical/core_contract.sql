with contribution as (
    {{- contributions('contract', [
        'opportunity_id', 'customer_id', 'contract_number', 'status', 'is_executed', 'signed_date',
        'start_date', 'end_date', 'signed_value', 'currency', 'billing_type', 'recognition_rule',
        'payment_terms', 'po_number', 'cap_amount', 'closed_date', 'debooked_amount', 'planned_cost',
        'legal_entity_id', 'tax_code', 'is_po_required', 'po_amount', 'discount_percent',
        'expense_markup_percent', 'hold_from', 'revenue_judgement'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as contract_id,
    {{ canonical_identity('contribution') }},
    opportunity.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.opportunity_id,
    contribution.customer_id,
    contribution.contract_number,
    contribution.status,
    contribution.is_executed,
    contribution.signed_date,
    contribution.start_date,
    contribution.end_date,
    contribution.signed_value,
    contribution.currency,
    legal_entity.functional_currency,
    contribution.billing_type,
    contribution.recognition_rule,
    contribution.payment_terms,
    contribution.po_number,
    contribution.cap_amount,
    contribution.closed_date,
    contribution.debooked_amount,
    contribution.planned_cost,
    coalesce(contribution.legal_entity_id, 'unassigned') as legal_entity_id,
    opportunity.region,
    opportunity.practice,
    {{ round_to_minor_unit(money_times('contribution.signed_value', 'reporting_rate.rate'), 'reporting_currency.minor_unit') }}
        as signed_value_reporting,
    contribution.tax_code,
    contribution.is_po_required,
    contribution.po_amount,
    contribution.discount_percent,
    contribution.expense_markup_percent,
    contribution.hold_from,
    contribution.revenue_judgement
from contribution
cross join {{ source('raw', 'qtc_build') }} as build
left join {{ ref('core_opportunity') }} as opportunity on contribution.opportunity_id = opportunity.opportunity_id
left join {{ ref('core_legal_entity') }} as legal_entity on contribution.legal_entity_id = legal_entity.legal_entity_id
left join {{ ref('core_exchange_rate') }} as reporting_rate
    on
        contribution.currency = reporting_rate.from_currency
        and {{ period_of('contribution.signed_date') }} = reporting_rate.period
        and reporting_rate.rate_type = 'average'
left join {{ ref('core_currency') }} as reporting_currency on build.reporting_currency = reporting_currency.currency_id
