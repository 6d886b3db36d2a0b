-- Time is written off at its value by contract: the delivered entry it stands for says the rate.
with written_off_time as (
    select
        bill.time_entry_id,
        {{ canonical_identity('bill') }},
        bill.qtc_id,
        {{ canonical_version('bill') }},
        {{ minutes_value('bill.minutes', 'entry.contract_rate', 'contract_currency.minor_unit') }} as amount,
        contract.currency,
        bill.written_off_date,
        bill.legal_entity_id
    from {{ ref('core_time_entry') }} as bill
    left join {{ ref('core_time_entry') }} as entry on bill.counterpart_id = entry.time_entry_id
    left join {{ ref('core_contract') }} as contract on entry.contract_id = contract.contract_id
    left join {{ ref('core_currency') }} as contract_currency on contract.currency = contract_currency.currency_id
    where bill.system_role = 'erp' and bill.is_written_off
)

select
    'time:' || written_off_time.time_entry_id as write_off_id,
    {{ canonical_identity('written_off_time') }},
    written_off_time.qtc_id,
    {{ canonical_version('written_off_time') }},
    'time' as kind,
    written_off_time.time_entry_id as ref,
    written_off_time.amount,
    written_off_time.currency,
    written_off_time.written_off_date as write_off_date,
    written_off_time.legal_entity_id
from written_off_time
union all
select
    'expense:' || charge.charge_id as write_off_id,
    {{ canonical_identity('charge') }},
    charge.qtc_id,
    {{ canonical_version('charge') }},
    'expense' as kind,
    charge.charge_id as ref,
    charge.amount,
    charge.currency,
    charge.written_off_date as write_off_date,
    charge.legal_entity_id
from {{ ref('core_charge') }} as charge
where charge.is_written_off
union all
select
    'receivable:' || document.invoice_id as write_off_id,
    {{ canonical_identity('document') }},
    document.qtc_id,
    {{ canonical_version('document') }},
    'receivable' as kind,
    document.invoice_id as ref,
    cast(-document.gross_amount as decimal(18, 4)) as amount,
    document.currency,
    document.issue_date as write_off_date,
    document.legal_entity_id
from {{ ref('core_invoice') }} as document
where document.document_type = 'write_off' and document.is_posted and not document.is_void
