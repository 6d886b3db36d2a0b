with contribution as (
    {{- union_contributions('sales_order_line', identity_columns() + [
        'sales_order_id', 'net_amount', 'currency'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as sales_order_line_id,
    {{ canonical_identity('c') }},
    sales_order.qtc_id,
    {{ canonical_version('c') }},
    c.sales_order_id,
    sales_order.contract_id,
    c.net_amount,
    c.currency
from contribution as c
left join {{ ref('core_sales_order') }} as sales_order on c.sales_order_id = sales_order.sales_order_id
