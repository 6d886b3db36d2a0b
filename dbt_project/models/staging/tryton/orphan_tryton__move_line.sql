select
    line.source_instance,
    line.source_id,
    line.debit
from {{ ref('stg_tryton__account_move_line') }} as line
left join {{ ref('stg_tryton__account_move') }} as move
    on
        line.source_instance = move.source_instance
        and line.move_id = move.source_id
        and move.quarantine_reason is null
where line.quarantine_reason is null and move.source_id is null
