{{ set_aside(
    'ops', 'correction', ref('stg_ops__correction'),
    reason="'a correction is no record of the firm, see fct_correction'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'ops', 'attempt', ref('stg_ops__attempt'),
    reason="'a try is no record of the firm, see fct_sync_attempt'",
    condition="record.quarantine_reason is null"
) }}
