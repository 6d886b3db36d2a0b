with contribution as (
    {{- contributions('sales_order_line', [
        'sales_order_id', 'net_amount', 'currency'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as sales_order_line_id,
    {{ canonical_identity('contribution') }},
    sales_order.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.sales_order_id,
    sales_order.contract_id,
    contribution.net_amount,
    contribution.currency
from contribution
left join {{ ref('core_sales_order') }} as sales_order on contribution.sales_order_id = sales_order.sales_order_id
