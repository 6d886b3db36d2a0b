{{ config(materialized='view') }}

with positions as (
    select * from {{ ref('int_contract_position') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

orders as (
    select * from {{ ref('core_sales_order') }}
),

projects as (
    select * from {{ ref('core_project') }}
),

-- what stands in the ERP of a contract, where it stands there once
ordered as (
    select
        orders.contract_id,
        min(orders.sales_order_id) as sales_order_id,
        min(orders.payment_terms) as payment_terms,
        min(orders.po_number) as po_number,
        min(projects.billing_type) as billing_type,
        greatest(max(orders.version_at), max(coalesce(projects.version_at, orders.version_at))) as version_at
    from orders
    left join projects on orders.project_id = projects.project_id
    where orders.contract_id is not null and not coalesce(projects.is_cancelled, false)
    group by orders.contract_id
    having count(*) = 1
),

paired as (
    select
        positions.contract_id,
        ordered.sales_order_id as right_ref,
        ordered.version_at as right_version_at,
        contracts.payment_terms,
        ordered.payment_terms as ordered_terms,
        contracts.billing_type,
        ordered.billing_type as ordered_type,
        contracts.po_number,
        ordered.po_number as ordered_po,
        coalesce(contracts.is_po_required, false) and ordered.po_number is null as is_po_missing
    from positions
    inner join contracts on positions.contract_id = contracts.contract_id
    inner join ordered on positions.contract_id = ordered.contract_id
)

select
    contract_id,
    right_ref,
    right_version_at,
    'payment_terms' as attribute,
    payment_terms as our_value,
    ordered_terms as their_value
from paired
where payment_terms is not null
union all
select
    contract_id,
    right_ref,
    right_version_at,
    'billing_type' as attribute,
    billing_type as our_value,
    ordered_type as their_value
from paired
where billing_type is not null
union all
select
    contract_id,
    right_ref,
    right_version_at,
    'purchase_order' as attribute,
    case when not is_po_missing then po_number end as our_value,
    ordered_po as their_value
from paired
where po_number is not null or is_po_missing
