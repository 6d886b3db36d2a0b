{{ control_totals('kantata', 'external_references') }}
