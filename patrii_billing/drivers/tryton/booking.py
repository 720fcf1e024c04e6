# SPDX-License-Identifier: Apache-2.0
"""Where in Tryton's books an invoice belongs: as those before it.

All of it raises EngineRefused for what is not set up there.
"""

from collections.abc import Mapping
from typing import Any

from patrii_billing.domain import bridge
from patrii_billing.drivers.tryton import client as clients
from patrii_billing.drivers.tryton import records
from patrii_billing import errors

Row = clients.Row
LINE = 'account.invoice.line'
NEWEST = (('id', 'DESC'),)


class Booking:
    """Of one company."""

    def __init__(self, client: clients.Client, company: int) -> None:
        self._client = client
        self._company = company
        self._own = ['company', '=', company]

    def subscription(
        self, party: int, line: bridge.Line | bridge.Invoice
    ) -> Row:
        """The one that it is about, else his newest. Raises EngineRefused."""
        which: list[Any] = [
            'OR',
            ['party', '=', party],
            ['invoice_party', '=', party],
        ]
        if line.contract is not None:
            which = ['id', '=', records.number_of(line.contract)]
        found = self._client.rows(
            records.SUBSCRIPTION,
            [self._own, which, ['currency.code', '=', line.currency]],
            ('currency.code', 'payment_term', 'invoice_address',
             'lines.service.product.account_category'),
            NEWEST, limit=1,
        )  # fmt: skip
        if not found:
            raise errors.EngineRefused(
                f'{line.contract or line.customer} has no subscription in '
                f'{line.currency}',
                404,
            )
        return found[0]

    def line(self, subscription: Row) -> Mapping[str, Any]:
        """The account and the taxes of what it is invoiced for.

        As on its last invoice; without one, those of its product.
        """
        found = self._client.rows(
            LINE,
            [['origin.subscription', '=', subscription['id'],
              records.SUBSCRIPTION_LINE]],
            ('account', 'taxes'), NEWEST, limit=1,
        )  # fmt: skip
        if found:
            account, taxes = found[0]['account'], found[0]['taxes']
        else:
            account, taxes = self._of_product(subscription)
        return {'account': account, 'taxes': [['add', list(taxes)]]}

    def _of_product(self, subscription: Row) -> tuple[int, list[int]]:
        category = next(
            (
                one['service']['product']['account_category']
                for one in subscription['lines']
            ),
            None,
        )
        found = self._client.rows(
            'product.category',
            [['id', '=', category]],
            ('account_revenue', 'customer_taxes'),
            company=self._company,
        )
        if not found or not found[0]['account_revenue']:
            raise errors.EngineRefused(
                'the product of the subscription has no revenue account', 422
            )
        return found[0]['account_revenue'], found[0]['customer_taxes']

    def invoice(self, party: int, subscription: Row) -> Mapping[str, Any]:
        """Where to, from which account and how payable: as the last one."""
        fields = ('invoice_address', 'account', 'journal', 'payment_term')
        found = self._client.rows(
            records.INVOICE,
            [self._own, ['party', '=', party], ['type', '=', 'out']],
            fields, NEWEST, limit=1,
        )  # fmt: skip
        if found:
            return {name: found[0][name] for name in fields}
        return {
            'invoice_address': subscription['invoice_address'],
            'payment_term': subscription['payment_term'],
            'account': self._receivable(party),
            'journal': self._one('account.journal', ['type', '=', 'revenue']),
        }

    def _receivable(self, party: int) -> int:
        for model, which, name in (
            (records.PARTY, ['id', '=', party], 'account_receivable'),
            ('account.configuration', [], 'default_account_receivable'),
        ):
            found = self._client.rows(
                model,
                [which] if which else [],
                (name,),
                company=self._company,
            )
            if found and found[0][name]:
                return int(found[0][name])
        raise errors.EngineRefused('the party has no receivable account', 422)

    def _one(self, model: str, which: list[Any]) -> int:
        found = self._client.rows(model, [which], ('id',), limit=1)
        if not found:
            raise errors.EngineRefused(f'there is no {model} to use', 422)
        return int(found[0]['id'])
