# SPDX-License-Identifier: Apache-2.0
"""How the values of the API are written on the pages."""

from collections.abc import Iterator
from collections.abc import Mapping
import datetime as dt
from decimal import Decimal
from typing import Any

from babel import numbers
import flask
from markupsafe import Markup

from patrii_billing import errors
from patrii_billing.web import codes
from patrii_billing.web import reasons
from patrii_billing.web import visit


def money(text: str | None, currency: str) -> str:
    return '' if text is None else flask.g.words.amount(text, currency)


def day(value: str | dt.date | None) -> str:
    return '' if value is None else flask.g.words.day(value)


def time(instant: str | None) -> Markup:
    """An instant with its zone and its distance for who points at it."""
    if instant is None:
        return Markup('')
    said = flask.g.words
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        instant, said.full(instant), said.time(instant)
    )


def clock(instant: str) -> Markup:
    """An instant of a day that is named beside it."""
    said = flask.g.words
    return Markup('<time datetime="{}" title="{}">{:%H:%M}</time>').format(
        instant, said.full(instant), said.local(instant)
    )


def ago(instant: str | None) -> Markup:
    """An instant as its distance from now."""
    if instant is None:
        return Markup('')
    said = flask.g.words
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        instant, said.full(instant), said.ago(instant, visit.current().now)
    )


def compact(value: Decimal) -> str:
    """A figure at the edge of a chart: 1.2K."""
    return numbers.format_compact_decimal(
        value, locale=flask.g.words.locale, fraction_digits=1
    )


def word(code: str | None, kind: str) -> str:
    """The word for a code of the API, in his language."""
    return flask.g.words.gettext(codes.word(code, kind)) if code else ''


def entry(one: Mapping[str, Any]) -> str:
    """What an entry of the timeline is called."""
    return str(flask.g.words.gettext(codes.name(one['what'], one['name'])))


def why(text: str | None) -> str:
    """A reason, or what was refused; what a person wrote as it is."""
    known = flask.g.words
    return reasons.said(text, known.gettext, known.price) if text else ''


def refusal(one: errors.InvalidInput) -> str:
    """What was refused, and where that is of a field."""
    return f'{one.where}: {why(one.reason)}' if one.where else why(one.reason)


FILTERS = {
    'word': word,
    'entry': entry,
    'why': why,
    'compact': compact,
    'clock': clock,
    'money': money,
    'price': lambda text, currency: flask.g.words.price(text, currency),
    'resource': lambda name: flask.g.words.gettext(codes.resource(name)),
    'day': day,
    'time': time,
    'ago': ago,
    'month': lambda value: flask.g.words.month(value),
    'weekday': lambda value: flask.g.words.weekday(value),
}


def pages() -> Iterator[tuple[str, str, str]]:
    """The pages of the menu: where, what it is called, what it asks for."""
    _ = flask.g.words.gettext
    yield 'overview.show', _('Overview'), 'summary:show'
    yield 'customers.index', _('Customers'), 'account:list'
    yield 'invoices.index', _('Invoices'), 'invoice:list'
    yield 'actions.index', _('Actions'), 'action:list'
    yield 'notices.index', _('Mails'), 'notice:list'
    yield 'plans.index', _('Plans'), 'plan:list'
    yield 'ahead.show', _('Simulation'), 'forecast:list'


def common() -> dict[str, Any]:
    """What the frame of every page shows."""
    window = visit.window()
    known = {
        'brand': window.brand,
        'words': flask.g.get('words') or visit.language(),
        'visit': flask.g.get('visit'),
        'state': None,
        'pages': pages,
        'script_root': flask.request.script_root,
    }
    if known['visit'] is not None:
        known['state'] = _state(known['visit'])
    return known


def _state(of: visit.Visit) -> Any:
    """The switch of enforcement and how fresh the data is, for staff."""
    if not of.may('enforcement:show'):
        return None
    try:
        return of.service.get('/v1/enforcement')
    except errors.NotServed:
        return None
