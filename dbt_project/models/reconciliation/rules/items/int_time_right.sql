with entries as (
    select * from {{ ref('core_time_entry') }}
),

-- a contract signed after as of says whose time it is, and owes nothing yet
contracts as (
    select
        core_contract.*,
        core_contract.signed_date <= build.as_of_date as is_signed
    from {{ ref('core_contract') }} as core_contract
    cross join {{ ref('int_build') }} as build
),

currencies as (
    select * from {{ ref('core_currency') }}
),

resources as (
    select * from {{ ref('core_resource') }}
),

rate_cards as (
    select * from {{ ref('core_rate_card') }}
),

invoices as (
    select * from {{ ref('core_invoice') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

bills as (
    select
        entries.counterpart_id as item_key,
        entries.time_entry_id as right_ref,
        true as is_bill,
        entries.contract_id,
        entries.project_id,
        entries.legal_entity_id,
        entries.role_code,
        entries.work_date,
        entries.minutes,
        entries.is_on_hold,
        entries.is_written_off,
        entries.written_off_date,
        cast(null as decimal(18, 4)) as net_amount,
        entries.version_at
    from entries
    where entries.system_role = 'erp' and coalesce(entries.is_billable, true)
),

billed_items as (
    select distinct item_key from bills
    where item_key is not null
),

-- posted time that was billed without a time bill of its own: an entry is valued once, however many lines bill it
billed_without_bill as (
    select
        lines.source_item_id as item_key,
        min(lines.invoice_line_id) as right_ref,
        false as is_bill,
        invoices.contract_id,
        invoices.project_id,
        invoices.legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as role_code,
        min(invoices.issue_date) as work_date,
        cast(sum(lines.minutes) as integer) as minutes,
        false as is_on_hold,
        false as is_written_off,
        cast(null as date) as written_off_date,
        cast(sum(lines.net_amount) as decimal(18, 4)) as net_amount,
        max(lines.version_at) as version_at
    from lines
    inner join invoices on lines.invoice_id = invoices.invoice_id
    left join billed_items on lines.source_item_id = billed_items.item_key
    where
        invoices.is_posted and not invoices.is_void
        and lines.source_type = 'time'
        and lines.minutes <> 0
        and billed_items.item_key is null
    group by
        lines.source_item_id,
        case when lines.source_item_id is null then lines.invoice_line_id end,
        invoices.contract_id,
        invoices.project_id,
        invoices.legal_entity_id
    having sum(lines.minutes) <> 0
),

right_rows as (
    select * from bills
    union all
    select * from billed_without_bill
),

-- what the delivered entry says about its rate, and about the work date of lines that carry none
delivered as (
    select
        entries.time_entry_id as item_key,
        entries.contract_id,
        entries.role_code,
        entries.work_date,
        entries.contract_rate,
        coalesce(contracts.is_signed and contracts.billing_type = 'time_and_materials', false) as is_rated,
        resources.country
    from entries
    left join contracts on entries.contract_id = contracts.contract_id
    left join resources on entries.resource_id = resources.resource_id
    where entries.system_role = 'psa'
),

attributed as (
    select
        right_rows.item_key,
        right_rows.right_ref,
        right_rows.is_bill,
        coalesce(right_rows.contract_id, delivered.contract_id) as contract_id,
        right_rows.project_id,
        right_rows.legal_entity_id,
        right_rows.role_code,
        coalesce(delivered.role_code, right_rows.role_code) as rate_role_code,
        case when right_rows.is_bill then right_rows.work_date else coalesce(delivered.work_date, right_rows.work_date) end as work_date,
        coalesce(delivered.work_date, right_rows.work_date) as rate_date,
        right_rows.minutes,
        right_rows.is_on_hold,
        right_rows.is_written_off,
        right_rows.written_off_date,
        right_rows.net_amount,
        right_rows.version_at,
        delivered.item_key is not null as has_delivered,
        coalesce(delivered.is_rated, false) as is_rated,
        delivered.contract_rate as delivered_rate,
        delivered.country
    from right_rows
    left join delivered on right_rows.item_key = delivered.item_key
),

priced as (
    select
        attributed.*,
        contracts.qtc_id,
        contracts.customer_id,
        contracts.region,
        contracts.currency,
        -- time of a project without contract on both sides is no difference of this rule: activation names the project
        case
            when contracts.is_signed then coalesce(contracts.billing_type = 'time_and_materials', false)
            else not attributed.has_delivered
        end as is_time_and_materials,
        currencies.minor_unit,
        case when attributed.is_rated then attributed.delivered_rate else coalesce(of_country.rate, of_any.rate) end as contract_rate
    from attributed
    left join contracts on attributed.contract_id = contracts.contract_id
    left join currencies on contracts.currency = currencies.currency_id
    left join rate_cards as of_country
        on
            attributed.contract_id = of_country.contract_id
            and attributed.rate_role_code = of_country.role_code
            and attributed.rate_date >= of_country.effective_from
            and attributed.rate_date <= coalesce(of_country.effective_to, cast('9999-12-31' as date))
            and attributed.country = of_country.country
            and not attributed.is_rated
    left join rate_cards as of_any
        on
            attributed.contract_id = of_any.contract_id
            and attributed.rate_role_code = of_any.role_code
            and attributed.rate_date >= of_any.effective_from
            and attributed.rate_date <= coalesce(of_any.effective_to, cast('9999-12-31' as date))
            and of_any.country is null
            and not attributed.is_rated
)

select
    right_ref,
    item_key,
    is_bill,
    contract_id,
    project_id,
    qtc_id,
    customer_id,
    region,
    legal_entity_id,
    role_code,
    work_date,
    {{ period_of('work_date') }} as period,
    currency,
    minutes,
    is_on_hold,
    is_written_off,
    written_off_date,
    is_time_and_materials,
    version_at,
    coalesce(
        {{ minutes_value('minutes', 'contract_rate', 'minor_unit') }},
        -- without a contract nobody knows in which currency it would count
        case when contract_rate is null and not has_delivered and currency is not null then net_amount end
    ) as contract_value
from priced
