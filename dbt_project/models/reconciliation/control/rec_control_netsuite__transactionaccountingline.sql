{{ control_totals('netsuite', 'transactionaccountingline', amount=to_money(control_member('debit'))) }}
