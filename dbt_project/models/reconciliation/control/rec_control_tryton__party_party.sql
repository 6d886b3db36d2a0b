{{ control_totals('tryton', 'party_party') }}
