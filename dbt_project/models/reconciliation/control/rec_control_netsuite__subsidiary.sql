{{ control_totals('netsuite', 'subsidiary') }}
