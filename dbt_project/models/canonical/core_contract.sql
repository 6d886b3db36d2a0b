with contribution as (
    {{- union_contributions('contract', identity_columns() + [
        'opportunity_id', 'customer_id', 'contract_number', 'status', 'is_executed', 'signed_date',
        'start_date', 'end_date', 'signed_value', 'currency', 'billing_type', 'recognition_rule',
        'payment_terms', 'po_number', 'cap_amount', 'closed_date', 'debooked_amount', 'planned_cost',
        'legal_entity_id'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as contract_id,
    {{ canonical_identity('c') }},
    opportunity.qtc_id,
    {{ canonical_version('c') }},
    c.opportunity_id,
    c.customer_id,
    c.contract_number,
    c.status,
    c.is_executed,
    c.signed_date,
    c.start_date,
    c.end_date,
    c.signed_value,
    c.currency,
    legal_entity.functional_currency,
    c.billing_type,
    c.recognition_rule,
    c.payment_terms,
    c.po_number,
    c.cap_amount,
    c.closed_date,
    c.debooked_amount,
    c.planned_cost,
    coalesce(c.legal_entity_id, 'unassigned') as legal_entity_id,
    opportunity.region,
    opportunity.practice,
    {{ round_to_minor_unit(money_times('c.signed_value', 'reporting_rate.rate'), 'reporting_currency.minor_unit') }}
        as signed_value_reporting
from contribution as c
cross join {{ source('raw', 'qtc_build') }} as build
left join {{ ref('core_opportunity') }} as opportunity on c.opportunity_id = opportunity.opportunity_id
left join {{ ref('core_legal_entity') }} as legal_entity on c.legal_entity_id = legal_entity.legal_entity_id
left join {{ ref('core_exchange_rate') }} as reporting_rate
    on
        c.currency = reporting_rate.from_currency
        and {{ period_of('c.signed_date') }} = reporting_rate.period
        and reporting_rate.rate_type = 'average'
left join {{ ref('core_currency') }} as reporting_currency on build.reporting_currency = reporting_currency.currency_id
