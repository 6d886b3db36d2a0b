{{ control_totals('netsuite', 'consolidatedexchangerate') }}
