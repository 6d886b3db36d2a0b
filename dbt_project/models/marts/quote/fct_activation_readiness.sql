with positions as (
    select * from {{ ref('int_contract_position') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

customers as (
    select * from {{ ref('core_customer') }}
),

links as (
    select * from {{ ref('core_customer_link') }}
),

projects as (
    select * from {{ ref('core_project') }}
    where not is_cancelled
),

project_links as (
    select * from {{ ref('core_project_link') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
    where is_latest
),

activated as (
    select
        project_links.contract_id,
        max(case when projects.system_role = 'psa' then 1 else 0 end) = 1 as has_project,
        max(case when projects.system_role = 'erp' then 1 else 0 end) = 1 as has_job
    from project_links
    inner join projects on project_links.project_id = projects.project_id
    group by project_links.contract_id
),

-- the customer's records in the ERP
known as (
    select
        links.customer_id,
        max(case when customers.is_active then 1 else 0 end) = 1 as is_known
    from links
    inner join customers on links.linked_customer_id = customers.customer_id
    where customers.system_role = 'erp'
    group by links.customer_id
),

ours as (
    select
        customer_id,
        tax_number,
        replace(lower(name), ' ', '') as plain_name
    from customers
    where system_role = 'crm'
),

unlinked as (
    select
        customers.tax_number,
        replace(lower(customers.name), ' ', '') as plain_name
    from customers
    left join links on customers.customer_id = links.linked_customer_id
    where customers.system_role = 'erp' and links.linked_customer_id is null
),

alike as (
    select ours.customer_id
    from ours
    inner join unlinked on ours.tax_number = unlinked.tax_number
    union all
    select ours.customer_id
    from ours
    inner join unlinked on ours.plain_name = unlinked.plain_name
),

-- records of the ERP nobody links that may be the customer: making another would make it twice
candidates as (
    select distinct customer_id
    from alike
),

waiting as (
    select
        positions.contract_id,
        positions.qtc_id,
        positions.contract_number,
        positions.customer_id,
        positions.legal_entity_id,
        positions.region,
        positions.practice,
        positions.signed_date,
        positions.currency,
        not coalesce(activated.has_project, false) as is_project_missing,
        not coalesce(activated.has_job, false) as is_job_missing,
        greatest(positions.contract_value - positions.billed_amount, 0) as open_value,
        positions.legal_entity_id = 'unassigned' as lacks_entity,
        positions.currency is null as lacks_currency,
        contracts.tax_code is null or customers.tax_number is null as lacks_tax,
        contracts.payment_terms is null as lacks_terms,
        contracts.billing_type is null as lacks_billing_type,
        contracts.recognition_rule is null as lacks_rule,
        coalesce(contracts.is_po_required, false) and contracts.po_number is null as lacks_order,
        known.customer_id is not null and not known.is_known as has_inactive_customer,
        known.customer_id is null and candidates.customer_id is not null as has_candidate
    from positions
    inner join contracts on positions.contract_id = contracts.contract_id
    left join activated on positions.contract_id = activated.contract_id
    left join customers on positions.customer_id = customers.customer_id
    left join known on positions.customer_id = known.customer_id
    left join candidates on positions.customer_id = candidates.customer_id
    where not coalesce(activated.has_project and activated.has_job, false)
),

listed as (
    select
        waiting.*,
        case when lacks_entity then 'legal entity, ' else '' end
        || case when lacks_currency then 'currency, ' else '' end
        || case when lacks_tax then 'tax attributes, ' else '' end
        || case when lacks_terms then 'payment terms, ' else '' end
        || case when lacks_billing_type then 'billing type, ' else '' end
        || case when lacks_rule then 'recognition rule, ' else '' end
        || case when lacks_order then 'purchase order, ' else '' end
        || case when has_inactive_customer then 'inactive customer in the ERP, ' else '' end
        || case when has_candidate then 'candidate customer in the ERP, ' else '' end as missing_list
    from waiting
)

select
    listed.contract_id,
    listed.qtc_id,
    listed.contract_number,
    listed.customer_id,
    listed.legal_entity_id,
    listed.region,
    listed.practice,
    listed.signed_date,
    listed.is_project_missing,
    listed.is_job_missing,
    listed.missing_list = '' as is_ready,
    case when listed.missing_list <> '' then substr(listed.missing_list, 1, length(listed.missing_list) - 2) end as missing_items,
    case
        when listed.missing_list = '' then 'delivery_operations'
        when listed.lacks_tax or listed.lacks_rule then 'finance_controller'
        else 'sales_operations'
    end as owner_role,
    listed.currency,
    cast(listed.open_value as decimal(18, 4)) as open_value,
    cast({{ round_half_away(money_times('listed.open_value', 'rates.rate'), 2) }} as decimal(18, 4)) as open_value_reporting
from listed
left join rates on listed.currency = rates.currency
