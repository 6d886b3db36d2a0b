select
    {{ mapped_identity('tryton', 'account_period', 'period') }},
    legal_entity.legal_entity_id,
    {{ period_of('period.start_date') }} as period,
    period.start_date,
    period.end_date,
    period.status <> 'open' as is_closed
from {{ ref('stg_tryton__account_period') }} as period
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on period.source_instance = legal_entity.instance and period.company_id = legal_entity.source_key
where period.quarantine_reason is null and period.period_type = 'standard'
