with build as (
    select * from {{ ref('int_build') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

links as (
    select * from {{ ref('core_project_link') }}
    where link_role = 'root'
),

projects as (
    select * from {{ ref('core_project') }}
    where system_role = 'psa' and not is_cancelled
),

entries as (
    select * from {{ ref('core_time_entry') }}
    where system_role = 'psa' and is_approved
),

documents as (
    select * from {{ ref('int_posted_document') }}
    where document_type = 'invoice'
),

applications as (
    select * from {{ ref('core_payment_application') }}
),

payments as (
    select * from {{ ref('core_payment') }}
    where not coalesce(is_void, false)
),

slas as (
    select * from {{ source('raw', 'qtc_sla') }}
    where sla_id = 'activation'
),

created as (
    select
        links.contract_id,
        min(cast(projects.created_at as date)) as project_date
    from links
    inner join projects on links.project_id = projects.project_id
    cross join build
    where cast(projects.created_at as date) <= build.as_of_date
    group by links.contract_id
),

worked as (
    select
        entries.contract_id,
        min(entries.work_date) as time_date
    from entries
    cross join build
    where entries.work_date <= build.as_of_date
    group by entries.contract_id
),

billed as (
    select
        documents.contract_id,
        min(documents.issue_date) as invoice_date
    from documents
    cross join build
    where documents.issue_date <= build.as_of_date
    group by documents.contract_id
),

paid as (
    select
        documents.contract_id,
        min(payments.payment_date) as cash_date
    from documents
    inner join applications on documents.invoice_id = applications.invoice_id
    inner join payments on applications.payment_id = payments.payment_id
    cross join build
    where payments.payment_date <= build.as_of_date
    group by documents.contract_id
)

select
    positions.contract_id,
    positions.signed_period as month,
    {{ days_between('positions.signed_date', 'created.project_date') }} as days_to_project,
    {{ days_between('positions.signed_date', 'worked.time_date') }} as days_to_time,
    {{ days_between('positions.signed_date', 'billed.invoice_date') }} as days_to_invoice,
    {{ days_between('positions.signed_date', 'paid.cash_date') }} as days_to_cash,
    coalesce({{ days_between('positions.signed_date', 'created.project_date') }} <= slas.days, false) as is_within_sla
from positions
cross join slas
left join created on positions.contract_id = created.contract_id
left join worked on positions.contract_id = worked.contract_id
left join billed on positions.contract_id = billed.contract_id
left join paid on positions.contract_id = paid.contract_id
