select
    {{ mapped_identity('tryton', 'sale_line', 'line') }},
    {{ record_key('line.source_instance', 'line.sale_id') }} as sales_order_id,
    line.net_amount,
    sale.currency
from {{ ref('stg_tryton__sale_line') }} as line
left join {{ ref('stg_tryton__sale_sale') }} as sale
    on line.source_instance = sale.source_instance and line.sale_id = sale.source_id
where line.quarantine_reason is null and line.line_type = 'line'
