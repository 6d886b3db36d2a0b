select
    {{ mapped_identity('netsuite', 'account', 'account') }},
    account.number,
    case account.account_type
        when 'AcctRec' then 'receivable'
        when 'Income' then 'revenue'
        when 'Bank' then 'cash'
        when 'DeferRevenue' then 'contract_position'
        when 'OthCurrLiab' then 'tax'
        when 'OthIncome' then 'fx'
        when 'Expense' then 'expense'
        else 'other'
    end as account_type,
    account.name
from {{ ref('stg_netsuite__account') }} as account
where account.quarantine_reason is null
