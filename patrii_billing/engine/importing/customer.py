# SPDX-License-Identifier: Apache-2.0
"""Read what may change of an account: how it is reached and invoiced."""

from typing import Any

from patrii_billing.domain import discount
from patrii_billing.domain import tax
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import fields
from patrii_billing import errors
from patrii_billing import strict_yaml


def said(entry: entries.Entry) -> dict[str, Any]:
    """All that may change but the name, as far as it is said, as JSON.

    Discounts are read once more when the currency is known.
    """
    read = {
        'contacts': entry.takes('contacts', fields.contacts),
        'locale': entry.takes('locale', fields.word),
        'timezone': entry.takes('timezone', fields.timezone),
        'external_ref': entry.takes('external_ref', fields.text),
        'policy': entry.policy(),
    }
    return fields.without_none(read) | invoicing(entry)


def invoicing(entry: entries.Entry) -> dict[str, Any]:
    """What the file says of address, taxes and discounts, as JSON.

    Discounts are read once more when the currency is known.
    """
    return fields.without_none(
        {
            'address': _address(entry),
            'taxes': entry.takes('taxes', _taxes),
            'discounts': entry.takes('discounts', fields.plain),
        }
    )


def discounts(entry: entries.Entry, said: Any, currency: str) -> Any:
    """Discounts as the books keep them. Raises InvalidInput."""
    try:
        return discount.written(discount.read(said, currency), currency)
    except errors.InvalidInput as error:
        raise entry.wrong(error.reason, error.where) from None


def _address(account: entries.Entry) -> dict[str, Any] | None:
    node = account.takes('address', lambda node: node)
    if node is None:
        return None
    entry = entries.Entry(node, account.mistakes)
    read = {
        'name': entry.needs('name', fields.text),
        'lines': entry.takes('lines', fields.address_lines),
        'country': entry.takes('country', fields.country),
        'tax_id': entry.takes('tax_id', fields.word),
    }
    if not entry.close():
        account.sound = False
    return fields.without_none(read)


def _taxes(node: strict_yaml.Node) -> list[dict[str, Any]]:
    try:
        return tax.written(tax.read(fields.plain(node)))
    except errors.InvalidInput as error:
        path = error.where.removeprefix('taxes')
        raise node.follow(path).wrong(error.reason) from None
