{{ control_totals('tryton', 'account_invoice_tax', amount=to_money(tryton_decimal(control_member('amount')))) }}
