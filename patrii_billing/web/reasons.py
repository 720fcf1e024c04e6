# SPDX-License-Identifier: Apache-2.0
"""What the service says of its own accord, so that it can be translated.

The books keep reasons in English, as sentences with names and figures in
them. Each is known here as such a sentence with gaps; what a person wrote is
none of them and is left as it is.
"""

from collections.abc import Callable
from collections.abc import Mapping
import re

from patrii_billing.web import codes

N_ = codes.N_

SENTENCES = (
    # Why the ladder goes on or back.
    N_('nothing is past due'),
    N_('unpaid on the due date'),
    N_('every server is shelved'),
    N_('every server that was warned about is gone'),
    N_('the last warning was accepted'),
    N_('the last warning came back'),
    N_('the warning came back'),
    N_('the oldest was paid'),
    N_('the hold ended'),
    N_('the undo span is over'),
    N_('%(word)s hold'),
    # Why an action waits, failed, or was not needed.
    N_('dry run'),
    N_('waits for approval'),
    N_('enforcement is stopped: %(why)s'),
    N_('safe mode: %(why)s'),
    N_('not before %(time)s UTC'),
    N_('a %(word)s hold is in force'),
    N_('a payment is in transit'),
    N_('no case is open'),
    N_('its case is closed'),
    N_('the subscription is %(word)s'),
    N_('the subscription does not cover this server'),
    N_('enforcement has not begun for this customer'),
    N_('the customer was only warned in a dry run'),
    N_('the time to shelve has not come'),
    N_('the time to delete has not come'),
    N_('no accepted warning that is old enough names this server'),
    N_('the mailbox of bounces was not read lately'),
    N_('the books were not compared with Nova lately'),
    N_('no notification was heard lately'),
    N_('notifications wait to be read'),
    N_('another action on it is under way'),
    N_('it was never touched'),
    N_('no lock of ours is seen on it'),
    N_('locked by another administrator'),
    N_('task %(task)s is running'),
    N_('the server is in ERROR'),
    N_('the server is %(state)s'),
    N_('a server that is %(state)s can be neither shelved nor stopped'),
    N_('it is not the server that was warned about'),
    N_('its lock is not ours'),
    N_('Nova could not unshelve it'),
    N_('Nova answers %(code)s'),
    N_('a quota change is under way'),
    N_('the quota is frozen until the debt is paid'),
    N_('the quota was frozen meanwhile'),
    N_('released'),
    N_('cancelled'),
    # What stands on the line of an invoice.
    N_('%(price)s x %(count)s x %(share)s %(unit)s'),
    N_('%(price)s x %(count)s used'),
    N_('%(price)s x %(count)s once'),
    N_('%(price)s billed x %(share)s %(unit)s not used'),
    N_('%(why)s, to what earlier credits left of it'),
    N_('%(price)s billed x %(share)s not used at this price'),
    # Why something that was asked for is refused.
    N_('must be in the future'),
    N_('must be after today'),
    N_('must be above zero'),
    N_('must not be negative'),
    N_('must say why'),
    N_('must say how it was given'),
    N_('must say until when it is off'),
    N_('must be a whole number'),
    N_('must be as %(example)s'),
    N_('is missing'),
    N_('%(value)s has more digits than %(currency)s has'),
    N_('%(what)s %(used)s in use, %(again)s %(wanted)s asked for'),
    N_('a hold is in force already: %(word)s'),
    N_('that is more than earlier credits left of the invoice'),
    N_('action %(id)s is %(word)s'),
    N_('notice %(id)s is %(word)s'),
    N_('%(invoice)s is %(word)s'),
    N_('there is no account %(id)s'),
    N_('no invoice is called %(value)s'),
    N_('a promise needs a date'),
    N_('no quota is named'),
    N_('the ladder has gone on'),
    N_('the day that it names is over'),
    N_('the invoice is void'),
    N_('notice %(id)s is not so any more: %(why)s'),
    N_('it is being sent again: notice %(id)s'),
    N_('%(name)s is not paid: %(price)s of %(invoice)s past due'),
    N_('%(name)s is %(word)s: nothing is to be given back'),
)
_UNITS = {'days': N_('days'), 'seconds': N_('seconds')}
_GAP = re.compile(r'%\((\w+)\)s')
_KINDS = tuple(codes.WORDS.values())
_INVOICE = re.compile(r'[A-Za-z][A-Za-z0-9_]*-[0-9]+')
_AMOUNT = re.compile(r'-?[0-9.]+ [A-Z]{3}')


def _shape(sentence: str) -> re.Pattern[str]:
    """What a sentence looks like when its gaps are filled in."""
    parts = _GAP.split(sentence)
    return re.compile(
        ''.join(
            f'(?P<{part}>.+?)' if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        ),
        re.DOTALL,
    )


_PLAIN = frozenset(one for one in SENTENCES if '%' not in one)
# The longest first: a gap takes whatever stands in it.
_SHAPES = tuple(
    (one, _shape(one))
    for one in sorted(SENTENCES, key=len, reverse=True)
    if '%' in one
)


def said(
    text: str,
    gettext: Callable[[str], str],
    price: Callable[[str, str], str],
) -> str:
    """A reason in the language of who reads; another text as it is.

    :param price: how an amount of a currency is written
    """
    if text in _PLAIN:
        return gettext(text)
    for sentence, shape in _SHAPES:
        found = shape.fullmatch(text)
        if found and _fits(found.groupdict()):
            break
    else:
        return text

    def filled(gap: str, value: str) -> str:
        match gap:
            case 'price':
                return price(*value.split(' '))
            case 'why':
                return said(value, gettext, price)
            case 'unit':
                return gettext(_UNITS[value])
            case 'word':
                return gettext(value.replace('_', ' '))
        return value

    gaps = found.groupdict().items()
    return gettext(sentence) % {gap: filled(gap, text) for gap, text in gaps}


def _fits(gaps: Mapping[str, str]) -> bool:
    """Whether words and units are ours, prices and invoices are such."""
    word, price = gaps.get('word'), gaps.get('price')
    if word is not None and all(word not in one for one in _KINDS):
        return False
    if gaps.get('unit', 'days') not in _UNITS:
        return False
    if not _INVOICE.fullmatch(gaps.get('invoice', 'INV-1')):
        return False
    return price is None or bool(_AMOUNT.fullmatch(price))
