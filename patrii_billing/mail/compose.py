# SPDX-License-Identifier: Apache-2.0
"""From what a notice says to a mail in the reader's language, purely."""

from collections.abc import Sequence
from dataclasses import dataclass
import pathlib
import re
from typing import Any

import babel

from patrii_billing.domain import mail as mails
from patrii_billing.domain import money
from patrii_billing import errors
from patrii_billing.mail import looks
from patrii_billing.mail import render
from patrii_billing import wording

# What every reader can be given when nobody wrote in his language.
_FALLBACK = 'en'
_LONGEST_SUBJECT = 200
_LONGEST_REASON = 1000
# They stand in commands that an operator copies into a shell.
_ID = re.compile(r'[0-9a-zA-Z][0-9a-zA-Z-]{0,63}')


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose mails they are, and where they send the reader.

    `domain` is for ids; `templates` is a folder that is searched before the
    packaged one. Raises InvalidInput.
    """

    name: str
    domain: str
    pay_url: str = ''
    support: str = ''  # a mail address
    support_url: str = ''
    phone: str = ''
    address: tuple[str, ...] = ()  # by post, line by line
    footer: str = ''
    logo: str = ''  # the path of a picture
    accent: str = '#1f4fa3'
    templates: str = ''

    def __post_init__(self) -> None:
        mails.domain(self.domain, '[mail] message_domain')
        if self.support:
            mails.address(self.support, '[mail] support')
        looks.colours(self.accent)
        looks.logo(self.logo, self.domain)
        if self.templates and not pathlib.Path(self.templates).is_dir():
            raise errors.InvalidInput(
                f'{self.templates!r} is not a folder', '[mail] templates'
            )


def compose(brand: Brand, notice: mails.NoticeContent) -> mails.Mail:
    """The mail of a notice, in three parts of one language.

    Goes to those recipients that have a usable address. Where a template of
    the operator's own is broken, all parts are the packaged ones, and the
    mail says what is wrong. Raises MailRefused where nobody can be reached,
    MailNotWritten where there is no such template.
    """
    to = _usable(notice.recipients)
    own = render.folders(brand.templates, notice.plan)
    fault = ''
    try:
        parts = written(brand, notice, own)
    except errors.MailNotWritten as error:
        if not own:
            raise
        fault = str(error)
        parts = written(brand, notice, ())
    references = notice.references and mails.message_id(
        notice.references, brand.domain
    )
    logo = looks.logo(brand.logo, brand.domain)
    return mails.Mail(
        to=to,
        subject=parts.subject,
        text=parts.text,
        html=looks.inlined(parts.html),
        message_id=mails.message_id(notice.message_id, brand.domain),
        references=references,
        attachments=notice.attachments,
        pictures=(logo,) if logo and f'cid:{logo.id}' in parts.html else (),
        fault=fault,
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """What a template says in its three parts."""

    subject: str
    text: str
    html: str


def written(
    brand: Brand, notice: mails.NoticeContent, own: render.Folders
) -> Parts:
    """The words of a notice. Raises MailNotWritten."""
    locale, language = _language(notice, own)
    view = _view(brand, notice, locale)

    def part(name: str, **more: str) -> str:
        file = f'{language}/{notice.template}.{name}.j2'
        return render.rendered(own, file, view | more)

    subject = wording.one_line(part('subject'), _LONGEST_SUBJECT)
    return Parts(
        subject,
        wording.paragraphs(part('txt', subject=subject)),
        part('html', subject=subject),
    )


def _usable(recipients: Sequence[str]) -> tuple[str, ...]:
    """Each good address once, in the given order."""
    good: dict[str, None] = {}
    for recipient in recipients:
        try:
            good[mails.address(recipient)] = None
        except errors.InvalidInput:
            continue
    if not good:
        raise errors.MailRefused(
            f'no usable mail address among {list(recipients)!a:.500}'
        )
    return tuple(good)


def _language(
    notice: mails.NoticeContent, own: render.Folders
) -> tuple[babel.Locale, str]:
    """The locale of the mail, and the folder with its language.

    Dates and money follow the language of the text around them: a German
    account without German templates reads English dates.
    """
    wanted = wording.locale(notice.locale)
    found = render.language(
        own, notice.template, (str(wanted), wanted.language, _FALLBACK)
    )
    locale = babel.Locale.parse(found)
    same = locale.language == wanted.language
    return wanted if same else locale, found


def _turned(amount: money.Money | None) -> money.Money | None:
    """What a sum below zero gives back."""
    if amount is None or amount.minor >= 0:
        return None
    return money.Money(-amount.minor, amount.currency)


def _view(
    brand: Brand, notice: mails.NoticeContent, locale: babel.Locale
) -> dict[str, Any]:
    """What templates see: finished words, harmless in any of the parts."""

    def said(value: Any) -> str:
        return wording.amount(value, locale) if value else ''

    def moment(instant: Any) -> wording.Moment | None:
        return instant and wording.moment(instant, notice.zone, locale)

    owed, left = notice.amount_due, notice.invoice_owed
    logo = looks.logo(brand.logo, brand.domain)
    return {
        'brand': brand,
        'colours': looks.colours(brand.accent),
        'logo': logo.id if logo else '',
        'language': str(locale).replace('_', '-'),
        'direction': locale.text_direction,
        'account': wording.name(notice.account),
        'subscription': wording.name(notice.subscription),
        'servers': [
            {'id': wording.one_line(id), 'name': wording.name(name or id)}
            for id, name in notice.servers
        ],
        'names': moment(notice.names),
        'soonest': moment(notice.soonest),
        'due': moment(notice.due_at),
        'invoice': wording.one_line(notice.invoice_number),
        'attached': ', '.join(one.name for one in notice.attachments),
        'total': said(notice.invoice_total),
        # Of this invoice: whether it is paid, what it gives back.
        'paid': left is not None and left.minor <= 0,
        'gives_back': said(_turned(notice.invoice_total)),
        'amount': said(notice.amount),
        'back': said(_turned(notice.amount)),
        'owed': said(owed) if owed and owed.minor > 0 else '',
        'settled': owed is not None and owed.minor <= 0,
        'context': {
            key: wording.name(value, _LONGEST_REASON)
            for key, value in notice.context.items()
        },
        'also': [
            {
                key: wording.name(value, _LONGEST_REASON)
                for key, value in one.items()
            }
            for one in notice.also
        ],
        'ids': {
            name: value if _ID.fullmatch(value) else ''
            for name, value in notice.ids.items()
        },
    }
