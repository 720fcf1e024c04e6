# SPDX-License-Identifier: Apache-2.0
"""Notices to write and send: full ones, bare ones, hostile ones."""

import datetime as dt
import html
import html.parser
import pathlib
import re
from typing import Any
import zoneinfo

from patrii_billing.domain import mail as mails
from patrii_billing.domain import money
from patrii_billing.mail import compose
from patrii_billing.mail import message

TEMPLATES = mails.TEMPLATES
LANGUAGES = ('en', 'fr')
FOLDER = pathlib.Path(compose.__file__).parent / 'templates'
BRAND = compose.Brand(
    name='Acme Cloud',
    domain='mail.acme.example',
    pay_url='https://acme.example/pay',
    support='support@acme.example',
)
LETTERHEAD = message.Letterhead(
    'Acme Cloud <billing@acme.example>', 'support@acme.example'
)
WEB = '6f1f0c62-1a2b-4c3d-8e9f-0123456789ab'
DB = '7f1f0c62-1a2b-4c3d-8e9f-0123456789ab'
CONTEXT = {
    'name': 'restore_stuck',
    'why': 'no host has room for it',
    'reason': 'card expired',
    'project': 'acme-prod',
    'old': '8 cores',
    'new': '12 cores',
    'type': 'promise',
    'corrects': 'INV-000011',
}
HOSTILE = (
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '{{ 7 * 7 }}{% raw %}',
    'a\r\nBcc: everybody@example.org\r\n\r\nSend money',
    'a\nb\x00c\x1bd\u2028e\u2029f\x85g',
    '\u202egnirts\u202c desrever',
    'שלום עולם',
    'Müller 🧑\u200d🚀 Söhne',
    'lone \udcff surrogate',
    'x' * 1000,
    'many words ' * 100,
    '.',
    '',
)


def minimal(template: str = 'invoice', **values: Any) -> mails.NoticeContent:
    given: dict[str, Any] = {
        'template': template,
        'account': 'Jane',
        'recipients': ('jane@example.com',),
        'message_id': '0123abcd',
    }
    return mails.NoticeContent(**(given | values))


def full(template: str = 'invoice', **values: Any) -> mails.NoticeContent:
    given: dict[str, Any] = {
        'zone': zoneinfo.ZoneInfo('Europe/Paris'),
        'subscription': 'acme-1',
        'servers': ((WEB, 'web'), (DB, 'db')),
        'names': dt.datetime(2026, 2, 5, 14, 30, tzinfo=dt.UTC),
        'invoice_number': 'INV-000017',
        'invoice_total': money.Money(1200, 'EUR'),
        'due_at': dt.datetime(2026, 1, 31, 23, tzinfo=dt.UTC),
        'amount': money.Money(400, 'EUR'),
        'amount_due': money.Money(1250, 'EUR'),
        'references': 'account-7',
        'context': CONTEXT,
    }
    return minimal(template, **(given | values))


def hostile(template: str, text: str) -> mails.NoticeContent:
    return full(
        template,
        account=text,
        subscription=text,
        servers=((text, text), (WEB, text)),
        invoice_number=text,
        context=dict.fromkeys(CONTEXT, text),
    )


def written(notice: mails.NoticeContent) -> mails.Mail:
    return compose.compose(BRAND, notice)


class Outline(html.parser.HTMLParser):
    """The elements of a page with their attributes, without its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Any] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, attrs))
        if tag not in ('meta', 'br', 'img'):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1:] != [tag]:
            raise AssertionError(f'</{tag}> closes {self.open}')
        self.open.pop()


def spoken(page: str) -> str:
    """What a reader of a page of HTML sees, without its markup."""
    return html.unescape(
        re.sub(r'<br>', ' ', re.sub(r'<(?!br)[^>]*>', '', page))
    )
