{{ control_totals('ops', 'attempt') }}
