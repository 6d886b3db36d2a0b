{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_netsuite__transactionline')) }}
)

select
    {{ staged_identity() }},
    transaction as transaction_id,
    {{ to_integer('linesequencenumber') }} as line_number,
    {{ to_boolean('mainline') }} as is_main_line,
    {{ to_boolean('taxline') }} as is_tax_line,
    item as item_id,
    subsidiary as subsidiary_id,
    {{ to_money('foreignamount') }} as ledger_amount,
    custcol_source_type as source_type,
    custcol_source_id as source_item,
    {{ to_integer('custcol_minutes') }} as minutes,
    custcol_job as job_id,
    {{ quarantine_reason(
        integers=['linesequencenumber', 'custcol_minutes'],
        booleans=['mainline', 'taxline'],
        money=['foreignamount']
    ) }} as quarantine_reason
from latest
