# SPDX-License-Identifier: Apache-2.0
"""From what a notice says to a mail in the reader's language, purely."""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
from dataclasses import dataclass
import functools
import pathlib
from typing import Any

import babel
import jinja2

from patrii_billing.domain import mail as mails
from patrii_billing import errors
from patrii_billing import wording

_PACKAGED = pathlib.Path(__file__).parent / 'templates'
# What every reader can be given when nobody wrote in his language.
_FALLBACK = 'en'
_LONGEST_SUBJECT = 200
_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose mails they are, and where they send the reader.

    `domain` is for message ids; `templates` is a folder that is searched
    before the packaged one. Raises InvalidInput.
    """

    name: str
    domain: str
    pay_url: str = ''
    support: str = ''  # a mail address
    templates: str = ''

    def __post_init__(self) -> None:
        mails.domain(self.domain, '[mail] message_domain')
        if self.support:
            mails.address(self.support, '[mail] support')
        if self.templates and not pathlib.Path(self.templates).is_dir():
            raise errors.InvalidInput(
                f'{self.templates!r} is not a folder', '[mail] templates'
            )


def compose(brand: Brand, notice: mails.NoticeContent) -> mails.Mail:
    """The mail of a notice, in three parts of one language.

    Goes to those recipients that have a usable address. Raises MailRefused
    where none has, MailNotWritten where the template is missing or broken.
    """
    to = _usable(notice.recipients)
    template, language = _find(brand, notice)
    view = _view(brand, notice, language)
    subject, text, html = (
        _rendered(brand, f'{template}.{part}.j2', view)
        for part in ('subject', 'txt', 'html')
    )
    references = notice.references and mails.message_id(
        notice.references, brand.domain
    )
    return mails.Mail(
        to=to,
        subject=wording.one_line(subject, _LONGEST_SUBJECT),
        text=wording.paragraphs(text),
        html=html,
        message_id=mails.message_id(notice.message_id, brand.domain),
        references=references,
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


def _find(
    brand: Brand, notice: mails.NoticeContent
) -> tuple[str, babel.Locale]:
    """The template in the first language there is, and its locale.

    Dates and money follow the language of the text around them: a French
    account without French templates reads English dates.
    """
    wanted = wording.locale(notice.locale)
    names = [
        f'{language}/{notice.template}.txt.j2'
        for language in (str(wanted), wanted.language, _FALLBACK)
    ]
    with _blamed_on(names[-1]):
        found = _environment(brand.templates).select_template(names)
    path = str(found.name).removesuffix('.txt.j2')
    language = babel.Locale.parse(path.split('/')[0])
    same = language.language == wanted.language
    return path, wanted if same else language


def _view(
    brand: Brand, notice: mails.NoticeContent, locale: babel.Locale
) -> dict[str, Any]:
    """What templates see: finished words, harmless in any of the parts."""

    def money(value: Any) -> str:
        return wording.amount(value, locale) if value else ''

    def moment(instant: Any) -> wording.Moment | None:
        return instant and wording.moment(instant, notice.zone, locale)

    owed = notice.amount_due
    return {
        'brand': brand,
        'language': str(locale).replace('_', '-'),
        'direction': locale.text_direction,
        'account': wording.name(notice.account),
        'subscription': wording.name(notice.subscription),
        'servers': [
            {'id': wording.one_line(id), 'name': wording.name(name or id)}
            for id, name in notice.servers
        ],
        'names': moment(notice.names),
        'due': moment(notice.due_at),
        'invoice': wording.one_line(notice.invoice_number),
        'total': money(notice.invoice_total),
        'amount': money(notice.amount),
        'owed': money(owed) if owed and owed.minor > 0 else '',
        'settled': owed is not None and owed.minor <= 0,
        'context': {
            key: wording.name(value, _LONGEST_REASON)
            for key, value in notice.context.items()
        },
    }


def _rendered(brand: Brand, template: str, view: dict[str, Any]) -> str:
    with _blamed_on(template):
        found = _environment(brand.templates).get_template(template)
        return found.render(view)


@contextlib.contextmanager
def _blamed_on(template: str) -> Iterator[None]:
    """An operator's template is a program: anything may come of it."""
    try:
        yield
    except Exception as error:
        raise errors.MailNotWritten(
            f'{template}: {type(error).__name__}: {error}'
        ) from error


@functools.cache
def _environment(templates: str) -> jinja2.Environment:
    folders = [templates] if templates else []
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, _PACKAGED]),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(
            disabled_extensions=('subject.j2', 'txt.j2'), default=True
        ),
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
