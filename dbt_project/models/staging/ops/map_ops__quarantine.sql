{{ unreadable('ops', 'correction', ref('stg_ops__correction')) }}

union all

{{ unreadable('ops', 'attempt', ref('stg_ops__attempt')) }}
