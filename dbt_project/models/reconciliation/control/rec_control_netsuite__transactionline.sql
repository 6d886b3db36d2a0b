{{ control_totals('netsuite', 'transactionline', amount=to_money(control_member('foreignamount'))) }}
