{{ control_totals('ops', 'correction') }}
