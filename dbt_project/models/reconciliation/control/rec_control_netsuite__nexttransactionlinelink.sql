{{ control_totals('netsuite', 'nexttransactionlinelink', amount=to_money(control_member('foreignamount'))) }}
