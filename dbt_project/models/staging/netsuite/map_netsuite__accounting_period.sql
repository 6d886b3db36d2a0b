select
    {{ mapped_identity('netsuite', 'accountingperiod', 'period') }},
    legal_entity.legal_entity_id,
    {{ period_of('period.start_date') }} as period,
    period.start_date,
    period.end_date,
    coalesce(period.is_closed, false) or coalesce(period.is_all_locked, false) as is_closed
from {{ ref('stg_netsuite__accountingperiod') }} as period
inner join {{ source('raw', 'qtc_legal_entity') }} as legal_entity on period.source_instance = legal_entity.instance
where
    period.quarantine_reason is null
    and not coalesce(period.is_year, false)
    and not coalesce(period.is_quarter, false)
