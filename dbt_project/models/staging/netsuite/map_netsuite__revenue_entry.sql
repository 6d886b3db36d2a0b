select
    {{ mapped_identity('netsuite', 'plannedrevenue', 'planned') }},
    {{ record_key('element.source_instance', 'element.job_id') }} as project_id,
    cast(null as {{ dbt.type_string() }}) as legal_entity_id,
    {{ period_of('period.start_date') }} as period,
    planned.amount,
    currency.currency_code as currency,
    planned.functional_amount,
    {{ record_key('planned.source_instance', 'planned.journal_id') }} as journal_source_id,
    coalesce(planned.is_recognized, false) as is_recognized
from {{ ref('stg_netsuite__plannedrevenue') }} as planned
left join {{ ref('stg_netsuite__revenueelement') }} as element
    on planned.source_instance = element.source_instance and planned.revenue_element_id = element.source_id
left join {{ ref('stg_netsuite__accountingperiod') }} as period
    on planned.source_instance = period.source_instance and planned.posting_period_id = period.source_id
left join {{ ref('stg_netsuite__currency') }} as currency
    on planned.source_instance = currency.source_instance and planned.currency_id = currency.source_id
where planned.quarantine_reason is null
