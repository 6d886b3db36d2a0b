with by_time as (
    select distinct
        source_instance,
        sale_id
    from {{ ref('int_tryton__work') }}
    where is_root and invoice_method = 'timesheet' and sale_id is not null
),

by_progress as (
    select distinct
        source_instance,
        sale_id
    from {{ ref('int_tryton__work') }}
    where is_root and invoice_method in ('effort', 'progress') and sale_id is not null
)

select
    {{ mapped_identity('tryton', 'sale_sale', 'sale') }},
    {{ record_key('sale.source_instance', 'resolved.opportunity_id') }} as opportunity_id,
    {{ record_key('sale.source_instance', 'sale.party_id') }} as customer_id,
    sale.number as contract_number,
    sale.status,
    resolved.is_executed,
    sale.sale_date as signed_date,
    cast(null as date) as start_date,
    cast(null as date) as end_date,
    sale.net_amount as signed_value,
    sale.currency,
    case
        when by_time.sale_id is not null then 'time_and_materials'
        when by_progress.sale_id is not null then 'milestone'
        else 'fixed_fee'
    end as billing_type,
    cast(null as {{ dbt.type_string() }}) as recognition_rule,
    cast(null as {{ dbt.type_string() }}) as payment_terms,
    cast(null as {{ dbt.type_string() }}) as po_number,
    cast(null as decimal(18, 4)) as cap_amount,
    cast(null as date) as closed_date,
    cast(null as decimal(18, 4)) as debooked_amount,
    cast(null as decimal(18, 4)) as planned_cost,
    legal_entity.legal_entity_id,
    cast(null as {{ dbt.type_string() }}) as tax_code,
    cast(null as boolean) as is_po_required,
    cast(null as decimal(18, 4)) as po_amount,
    cast(null as decimal(18, 6)) as discount_percent,
    cast(null as decimal(18, 6)) as expense_markup_percent,
    cast(null as date) as hold_from,
    cast(null as decimal(18, 4)) as revenue_judgement
from {{ ref('stg_tryton__sale_sale') }} as sale
inner join {{ ref('int_tryton__sale') }} as resolved
    on sale.source_instance = resolved.source_instance and sale.source_id = resolved.sale_id
left join by_time on sale.source_instance = by_time.source_instance and sale.source_id = by_time.sale_id
left join by_progress on sale.source_instance = by_progress.source_instance and sale.source_id = by_progress.sale_id
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on sale.source_instance = legal_entity.instance and sale.company_id = legal_entity.source_key
where sale.quarantine_reason is null
