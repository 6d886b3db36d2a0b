-- The contract of an opportunity is its first confirmed sale; later sales of it are contracts of their own.
select
    sale.source_instance,
    sale.source_id as sale_id,
    {{ tryton_reference('sale.origin', 'sale.opportunity') }} as opportunity_id,
    sale.company_id,
    sale.currency,
    coalesce(sale.status in ('confirmed', 'processing', 'done') and sale.sale_date is not null, false) as is_executed,
    row_number() over (
        partition by sale.source_instance, sale.origin
        order by
            case when sale.status in ('confirmed', 'processing', 'done') and sale.sale_date is not null then 0 else 1 end,
            sale.sale_date nulls last,
            cast(sale.source_id as integer) nulls last
    ) as rank_of_opportunity
from {{ ref('stg_tryton__sale_sale') }} as sale
where sale.quarantine_reason is null
