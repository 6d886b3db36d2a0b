{{ config(materialized='table') }}

-- Projects and tasks with the root of their tree and the sale it delivers. A task made by processing a sale names its
-- sale line as origin; a project made by hand names its deal in the comment (opportunity=<number>). A tree that delivers
-- several sales counts for the first of them.
with work as (
    select
        *,
        coalesce(nullif(split_part(path, '/', 1), ''), source_id) as root_id,
        {{ tryton_reference('origin', 'sale.line') }} as sale_line_id,
        nullif(regexp_extract(comment, 'opportunity=([A-Za-z0-9_-]+)', 1), '') as opportunity_number
    from {{ ref('stg_tryton__project_work') }}
    where quarantine_reason is null
),

sold as (
    select
        work.source_instance,
        work.root_id,
        min(cast(line.sale_id as integer)) as sale_id
    from work
    inner join {{ ref('stg_tryton__sale_line') }} as line
        on work.source_instance = line.source_instance and work.sale_line_id = line.source_id
    group by work.source_instance, work.root_id
),

named as (
    select
        work.source_instance,
        work.root_id,
        min(cast(sale.sale_id as integer)) as sale_id
    from work
    inner join {{ ref('stg_tryton__sale_opportunity') }} as opportunity
        on work.source_instance = opportunity.source_instance and work.opportunity_number = opportunity.number
    inner join {{ ref('int_tryton__sale') }} as sale
        on opportunity.source_instance = sale.source_instance and opportunity.source_id = sale.opportunity_id
    where sale.is_executed and sale.rank_of_opportunity = 1
    group by work.source_instance, work.root_id
)

select
    work.source_instance,
    work.source_id,
    work.version_at,
    work.loaded_at,
    work.source_load_id,
    work.root_id,
    work.company_id,
    work.name,
    work.list_price,
    root.invoice_method,
    root.party_id,
    root.status_progress,
    cast(coalesce(sold.sale_id, named.sale_id) as {{ dbt.type_string() }}) as sale_id,
    case when sold.sale_id is not null then 'origin' when named.sale_id is not null then 'comment' end as link_method,
    work.source_id = work.root_id as is_root,
    root.party_id is null and sold.sale_id is null as is_internal
from work
left join work as root on work.source_instance = root.source_instance and work.root_id = root.source_id
left join sold on work.source_instance = sold.source_instance and work.root_id = sold.root_id
left join named on work.source_instance = named.source_instance and work.root_id = named.root_id
