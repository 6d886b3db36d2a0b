{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_netsuite__transaction')) }}
)

select
    {{ staged_identity() }},
    tranid as document_number,
    type as transaction_type,
    status,
    {{ to_date('trandate') }} as transaction_date,
    {{ to_date('duedate') }} as due_date,
    postingperiod as posting_period_id,
    entity as customer_id,
    custbody_job as job_id,
    currency as currency_id,
    {{ to_rate('exchangerate') }} as exchange_rate,
    {{ to_money('foreigntotal') }} as gross_amount,
    {{ to_money('foreigntaxtotal') }} as tax_amount,
    {{ to_boolean('posting') }} as is_posted,
    {{ to_boolean('voided') }} as is_void,
    terms as terms_id,
    otherrefnum as po_number,
    custbody_qtc_id as qtc_marker,
    createdfrom as created_from_id,
    createdby as created_by,
    custbody_credit_reason as credit_reason,
    {{ to_boolean('custbody_disputed') }} as is_disputed,
    {{ to_date('custbody_dispute_opened') }} as dispute_opened,
    {{ to_date('custbody_dispute_closed') }} as dispute_closed,
    custbody_dispute_reason as dispute_reason,
    reversal as reversed_id,
    {{ quarantine_reason(
        dates=['trandate', 'duedate', 'custbody_dispute_opened', 'custbody_dispute_closed'],
        rates=['exchangerate'],
        money=['foreigntotal', 'foreigntaxtotal'],
        booleans=['posting', 'voided', 'custbody_disputed']
    ) }} as quarantine_reason
from latest
