with tax_account as (
    select
        source_instance,
        invoice_account_id as account_id
    from {{ ref('stg_tryton__account_tax') }}
    union
    select
        source_instance,
        credit_note_account_id
    from {{ ref('stg_tryton__account_tax') }}
),

cash_account as (
    select
        source_instance,
        debit_account_id as account_id
    from {{ ref('stg_tryton__account_invoice_payment_method') }}
    union
    select
        source_instance,
        credit_account_id
    from {{ ref('stg_tryton__account_invoice_payment_method') }}
)

select
    {{ mapped_identity('tryton', 'account_account', 'account') }},
    account.number,
    case
        when account.is_receivable then 'receivable'
        when account.is_revenue then 'revenue'
        when account.is_expense then 'expense'
        when cash_account.account_id is not null then 'cash'
        when tax_account.account_id is not null then 'tax'
        else 'other'
    end as account_type,
    account.name
from {{ ref('stg_tryton__account_account') }} as account
left join tax_account
    on account.source_instance = tax_account.source_instance and account.source_id = tax_account.account_id
left join cash_account
    on account.source_instance = cash_account.source_instance and account.source_id = cash_account.account_id
where account.quarantine_reason is null
