# SPDX-License-Identifier: Apache-2.0
"""Notices to a customer of the imagination: to try out, to look at, to test.

The one set of samples: the preview, the gallery, the trial of an operator's
own templates and the test mail all show these.
"""

from collections.abc import Mapping
import dataclasses
import datetime as dt
import zoneinfo

from patrii_billing.domain import mail
from patrii_billing.domain import money

# Nobody's (RFC 2606); a mail is composed for somebody.
READER = 'reader@example.com'
USUAL = 'usual'
_WEEK = dt.timedelta(days=7)
_PRICE = money.Money(14280, 'EUR')
_PART = money.Money(4280, 'EUR')
_ZONE = zoneinfo.ZoneInfo('Europe/Paris')
_SERVERS = (
    ('0f3b5a1e-6c2d-4e7f-8a90-1b2c3d4e5f60', 'web'),
    ('1c7d9e42-0b5a-4f36-9d18-7a6b5c4d3e2f', 'database'),
    (
        '2e8fa053-1c6b-4a47-8e29-8b7c6d5e4f30',
        'kubernetes-production-europe-west-worker-pool-a-node-017',
    ),
)
# What only the occasion can say, of those templates that tell it.
OCCASION: Mapping[str, Mapping[str, str]] = {
    'reminder': {'number': '1', 'of': '2'},
    'payment_failed': {'reason': 'the card has expired'},
    'credit_note': {'corrects': 'INV-000011'},
    'quota_changed': {'project': 'example', 'old': '8 cores',
                      'new': '12 cores'},
    'quota_refused': {'project': 'example', 'new': '12 cores',
                      'reason': '10 cores are in use'},
    'hold_begun': {'type': 'promise'},
    'hold_ended': {'type': 'promise'},
    'operator': {'name': 'restore_stuck', 'why': 'no host has room for it'},
}  # fmt: skip
_ALSO = (
    {'account': 'Other & Co', 'subscription': 'staging',
     'server': _SERVERS[1][0], 'why': 'the server is in ERROR'},
    {'account': '', 'subscription': '', 'server': '', 'why': 'nova is away'},
)  # fmt: skip
# Who is told of servers, of an invoice, of a day, of a sum of its own.
OF_SERVERS = frozenset(
    {'grace', 'shelved', 'last_warning', 'deleted', 'restored',
     'deletion_requested'}
)  # fmt: skip
OF_A_DEBT = frozenset(
    {'invoice', 'reminder', 'grace', 'shelved', 'last_warning', 'deleted'}
)
OF_A_DAY = frozenset({'hold_begun', 'contract_ending', 'quota_changed'})
OF_MONEY = frozenset({'payment_received', 'payment_failed', 'credit_note'})
# Where the ladder names its next step.
_OF_A_STEP = OF_A_DAY | {
    'grace', 'shelved', 'last_warning', 'deleted', 'hold_ended',
    'deletion_requested',
}  # fmt: skip
_SOONEST = frozenset({'invoice', 'reminder', 'shelved'})
_OF_A_DOCUMENT = frozenset({'invoice', 'reminder', 'grace', 'credit_note'})
# Who still owes something when he is told.
_OWES = OF_A_DEBT | {'payment_failed', 'hold_begun', 'hold_ended'}
# What may come to those who owe and to those who do not.
_EITHER = frozenset(
    {'invoice', 'payment_received', 'restored', 'credit_note',
     'deletion_requested'}
)  # fmt: skip
_BACK = money.Money(-3150, 'EUR')
_HOLDS = ('promise', 'pause', 'abuse')


# Told of all that there is, and of nothing.
_CUSTOMER = mail.NoticeContent(
    template='',
    account='Example & Sons Ltd',
    recipients=(READER,),
    message_id='sample',
    zone=_ZONE,
    subscription='production-2026',
    servers=_SERVERS,
    invoice_number='INV-000017',
    invoice_total=_PRICE,
    invoice_owed=_PRICE,
    amount=_PART,
    amount_due=_PRICE,
    references='sample',
    attachments=(mail.Attachment('INV-000017.pdf', b''),),
    ids={'account': '7', 'subscription': '12', 'server': _SERVERS[0][0]},
    also=_ALSO,
)
_STRANGER = mail.NoticeContent('', 'Example Ltd', (READER,), 'sample')


def cases(
    template: str, now: dt.datetime, locale: str = 'en'
) -> dict[str, mail.NoticeContent]:
    """The ways in which a notice comes, by name; the first is the usual."""
    usual = _usual(template, now, locale)
    found = {USUAL: usual}
    if template in _EITHER and template in _OWES:
        found['settled'] = _settled(usual)
    elif template in _EITHER:
        found['owing'] = dataclasses.replace(usual, amount_due=_PRICE)
    if template == 'invoice':
        found['credit'] = dataclasses.replace(
            found['settled'], invoice_total=_BACK, due_at=None
        )
    if template == 'quota_changed':
        found['credit'] = dataclasses.replace(usual, amount=_BACK)
    if template in ('hold_begun', 'hold_ended'):
        for hold in _HOLDS[1:]:
            found[hold] = dataclasses.replace(usual, context={'type': hold})
    if template == 'operator':
        found['several'] = dataclasses.replace(usual, also=_ALSO)
        first = usual.context['name']
        for name in mail.ALARMS:
            if name == first:
                continue
            found[name] = dataclasses.replace(
                usual, context={**usual.context, 'name': name}
            )
    return found


def extremes(
    template: str, now: dt.datetime, locale: str = 'en'
) -> list[mail.NoticeContent]:
    """All that a notice may ever say, the same settled, and nothing."""
    whole = everything(template, now, locale)
    bare = dataclasses.replace(_STRANGER, template=template, locale=locale)
    back = dataclasses.replace(
        _settled(whole), amount=_BACK, invoice_total=_BACK
    )
    holds = []
    if template in ('hold_begun', 'hold_ended'):
        holds = [
            dataclasses.replace(one, context={'type': hold})
            for hold in (*_HOLDS, 'other')
            for one in (whole, bare)
        ]
    alarms = []
    if template == 'operator':
        alarms = [
            dataclasses.replace(
                whole, context={**whole.context, 'name': name}
            )
            for name in mail.ALARMS
        ]
    return [bare, whole, _settled(whole), back, *holds, *alarms]


def everything(
    template: str, now: dt.datetime, locale: str = 'en'
) -> mail.NoticeContent:
    """A notice with all that any notice may say."""
    return dataclasses.replace(
        _CUSTOMER,
        template=template,
        locale=locale,
        names=now + _WEEK,
        soonest=now + 2 * _WEEK,
        due_at=now + _WEEK,
        context=OCCASION.get(template, {}),
    )


def _usual(
    template: str, now: dt.datetime, locale: str
) -> mail.NoticeContent:
    """What a customer would be told, and no more."""
    whole = everything(template, now, locale)
    if template == 'operator':
        return dataclasses.replace(
            whole, servers=(), names=None, invoice_number='',
            invoice_total=None, due_at=None, amount=None, amount_due=None,
            attachments=(), soonest=None, invoice_owed=None, also=(),
        )  # fmt: skip
    indebted = template in OF_A_DEBT
    told = dataclasses.replace(
        whole,
        servers=_SERVERS if template in OF_SERVERS else (),
        names=whole.names if template in _OF_A_STEP else None,
        invoice_number=whole.invoice_number if indebted else '',
        invoice_total=whole.invoice_total if indebted else None,
        due_at=_due_at(template, now) if indebted else None,
        invoice_owed=whole.invoice_owed if indebted else None,
        soonest=whole.soonest if template in _SOONEST else None,
        attachments=whole.attachments if template in _OF_A_DOCUMENT else (),
    )
    return told if template in _OWES else _settled(told)


def _due_at(template: str, now: dt.datetime) -> dt.datetime:
    """Ahead while it is asked for, behind once the ladder has begun."""
    ahead = template in ('invoice', 'reminder')
    return now + _WEEK if ahead else now - _WEEK


def _settled(content: mail.NoticeContent) -> mail.NoticeContent:
    nothing = money.Money(0, 'EUR')
    return dataclasses.replace(
        content, amount_due=nothing, invoice_owed=nothing, soonest=None
    )
