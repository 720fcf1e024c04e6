# SPDX-License-Identifier: Apache-2.0
"""An invoice as one self-contained page of HTML, to read or to print."""

from collections.abc import Iterator
from collections.abc import Sequence
import functools
import pathlib
import re
from typing import Any

import jinja2
import markupsafe

from patrii_billing.document import brand as brands
from patrii_billing.document import lines
from patrii_billing.document import words as wordings
from patrii_billing.domain import document
from patrii_billing.domain import lifecycle
from patrii_billing.domain import reference
from patrii_billing import errors
from patrii_billing import wording

_TEMPLATE = 'invoice.html.j2'
_LONGEST_REFERENCE = 60
_PAGE, _PAGES = '\x01', '\x02'
_USED = {
    lifecycle.PaymentKind.PAYMENT: 'paid',
    lifecycle.PaymentKind.FEE: 'fee',
}
_COUNTERS = {_PAGE: 'counter(page)', _PAGES: 'counter(pages)'}


def html(
    brand: brands.Brand, invoice: document.Invoice, locale: str = ''
) -> str:
    """The page; the same invoice and brand give the same page always.

    `locale` is by default the customer's. Raises DocumentNotWritten where the
    template or the words are missing or broken, InvalidInput for a logo that
    cannot be used.
    """
    words = wordings.find(locale or invoice.locale, brand.templates)
    try:
        template = _environment(brand.templates).get_template(_TEMPLATE)
        return template.render(_view(brand, invoice, words))
    except errors.BillingError:
        raise
    except Exception as error:
        # An operator's template is a program: anything may come of it.
        raise errors.DocumentNotWritten(
            f'{_TEMPLATE}: {type(error).__name__}: {error}'
        ) from error


def title(invoice: document.Invoice, words: wordings.Words) -> str:
    return words.say(
        'title.numbered',
        title=words.say(f'title.{invoice.kind}'), number=invoice.number,
    )  # fmt: skip


def _view(
    brand: brands.Brand, invoice: document.Invoice, words: wordings.Words
) -> dict[str, Any]:
    """What the template sees: finished words, harmless where they stand."""
    heading = title(invoice, words)
    rows = [
        lines.row(line, invoice.currency, invoice.zone, words)
        for line in invoice.lines
    ]
    owing = invoice.due > 0
    seller = wording.one_line(brand.seller.name)
    return {
        'say': words.say,
        'language': str(words.locale).replace('_', '-'),
        'direction': words.locale.text_direction,
        'accent': brand.accent,
        'paper': brand.paper,
        'logo': brand.logo_url(),
        'heading': heading,
        'page_head': _css(f'{seller}  ·  {heading}'),
        'page_foot': _css(wording.one_line(brand.footer)),
        'page_number': _page_number(words),
        'kind': invoice.kind,
        'state': invoice.state,
        'seller': _party(brand.seller, words),
        'customer': _party(invoice.customer, words),
        'brand': brand,
        'facts': list(_facts(invoice, words)),
        'summary': _summary(invoice, words),
        'rows': rows,
        'taxed': bool(invoice.taxes),
        # One rate for all is said once, among the totals.
        'tax_column': len({row.tax for row in rows}) > 1,
        'totals': list(_totals(invoice, words)),
        'carried': _carried(invoice, words),
        'ask': _ask(invoice, words) if owing else '',
        'payment': list(_payment(brand, invoice, words)) if owing else [],
        'pay_url': brand.pay_url if owing else '',
    }


def _party(party: document.Party, words: wordings.Words) -> dict[str, Any]:
    address = [wording.name(line) for line in party.lines]
    if party.country:
        address.append(words.country(party.country))
    return {
        'name': wording.name(party.name),
        'lines': address,
        'tax_id': wording.one_line(party.tax_id),
    }


def _facts(
    invoice: document.Invoice, words: wordings.Words
) -> Iterator[tuple[str, str]]:
    """What stands in the head beside the names."""
    yield 'issued', _day(invoice, invoice.issued_at, words)
    credits = invoice.kind is document.Kind.CREDIT_NOTE
    if invoice.due_at and not credits:
        yield 'due', _day(invoice, invoice.due_at, words)
    if invoice.period_start and invoice.period_end:
        yield 'period', words.days(invoice.period_start, invoice.period_end)
    if invoice.subscription:
        yield 'subscription', wording.name(invoice.subscription)
    if invoice.corrects:
        yield 'corrects', invoice.corrects
    if invoice.why:
        yield 'reason', words.reason(invoice.why)
    if invoice.reference and not credits:
        spaced = reference.spaced(invoice.reference)
        yield 'reference', wording.one_line(spaced)


def _day(invoice: document.Invoice, at: Any, words: wordings.Words) -> str:
    return words.day(at.astimezone(invoice.zone).date())


def _summary(
    invoice: document.Invoice, words: wordings.Words
) -> tuple[str, str, str]:
    """The one thing to know: what it is, how much, and what follows."""
    total = words.amount(invoice.total, invoice.currency)
    match invoice:
        case document.Invoice(kind=document.Kind.CREDIT_NOTE):
            back = words.amount(-invoice.total, invoice.currency)
            return words.say('summary.credited'), back, ''
        case document.Invoice(
            state=lifecycle.InvoiceState.VOID
            | lifecycle.InvoiceState.UNCOLLECTIBLE as state
        ):
            said = words.say(f'summary.{state}')
            return said, total, words.say(f'summary.is_{state}')
        case document.Invoice(due=due) if due > 0:
            day = invoice.due_at and _day(invoice, invoice.due_at, words)
            return (
                words.say('summary.due'),
                words.amount(due, invoice.currency),
                words.say('summary.by', day=day) if day else '',
            )
        case document.Invoice(total=all) if all <= 0:
            nothing = words.amount(0, invoice.currency)
            kept = words.say('summary.kept') if all else ''
            return words.say('summary.nothing'), nothing, kept
    return words.say('summary.paid'), total, words.say('summary.in_full')


def _totals(
    invoice: document.Invoice, words: wordings.Words
) -> Iterator[tuple[str, str, str]]:
    """The sums below the lines: a class, what it is, how much."""

    def row(style: str, said: str, minor: int) -> tuple[str, str, str]:
        return style, said, words.amount(minor, invoice.currency)

    if invoice.taxes:
        yield row('part', words.say('totals.net'), invoice.net)
    for tax in invoice.taxes:
        base = words.amount(tax.base, invoice.currency)
        said = words.say(
            'totals.tax', name=wording.name(tax.name),
            rate=words.number(tax.rate), base=base,
        )  # fmt: skip
        yield row('part', said, tax.amount)
    if invoice.kind is document.Kind.CREDIT_NOTE:
        yield row('sum', words.say('totals.credited'), invoice.total)
        return
    yield row('sum', words.say('totals.total'), invoice.total)
    for payment in invoice.payments:
        said = words.say(
            f'totals.{_USED.get(payment.kind, "credit")}',
            day=_day(invoice, payment.at, words),
        )
        if payment.reference:
            said = words.say(
                'totals.with_reference', what=said,
                reference=wording.name(payment.reference, _LONGEST_REFERENCE),
            )  # fmt: skip
        yield row('part', said, -payment.amount)
    if invoice.waived > 0:
        lost = invoice.state == lifecycle.InvoiceState.UNCOLLECTIBLE
        said = words.say('totals.written_off' if lost else 'totals.waived')
        yield row('part', said, -invoice.waived)
    yield row('due', words.say('totals.owed'), invoice.due)


def _carried(
    invoice: document.Invoice, words: wordings.Words
) -> dict[str, Any]:
    """The older open invoices, and what was open of all of them."""
    if not invoice.carried:
        return {}
    day = _day(invoice, invoice.issued_at, words)
    rows = []
    for older in invoice.carried:
        due = older.due_at and _day(invoice, older.due_at, words)
        said = words.say('carried.due', day=due) if due else ''
        owed = words.amount(older.owed, invoice.currency)
        rows.append((wording.one_line(older.number), said, owed))
    everything = invoice.carried_sum + invoice.owed_at_issue
    return {
        'note': words.say('carried.note', day=day),
        'rows': rows,
        'sum': words.amount(invoice.carried_sum, invoice.currency),
        'all_said': words.say('carried.all', day=day),
        'all': words.amount(everything, invoice.currency),
    }


def _ask(invoice: document.Invoice, words: wordings.Words) -> str:
    owed = words.amount(invoice.due, invoice.currency)
    if invoice.due_at is None:
        return words.say('payment.ask_now', amount=owed)
    day = _day(invoice, invoice.due_at, words)
    return words.say('payment.ask', amount=owed, day=day)


def _payment(
    brand: brands.Brand, invoice: document.Invoice, words: wordings.Words
) -> Iterator[tuple[str, str]]:
    """What to copy into a transfer."""
    bank = brand.bank
    account = 'iban' if bank.iban else 'account'
    named = reference.spaced(invoice.reference) or invoice.number
    for key, value in (
        ('reference', named),
        ('holder', bank.account and bank.holder),
        (account, bank.shown),
        ('bic', bank.bic),
        ('bank', bank.name),
    ):
        if value:
            yield words.say(f'payment.{key}'), wording.one_line(value)


def _page_number(words: wordings.Words) -> markupsafe.Markup:
    said = words.say('title.page', page=_PAGE, pages=_PAGES)
    parts = re.split(f'([{_PAGE}{_PAGES}])', said)
    return markupsafe.Markup(' ').join(
        markupsafe.Markup(  # noqa: S704 # nosec B704
            _COUNTERS.get(part) or _css(part)
        )
        for part in parts
        if part
    )


def _css(text: str) -> markupsafe.Markup:
    """Anybody's text as a string of a style sheet: letters or escapes."""
    escaped = (
        char if char.isalnum() or char in ' .,' else f'\\{ord(char):06x}'
        for char in text
    )
    text = f'"{"".join(escaped)}"'
    return markupsafe.Markup(text)  # noqa: S704 # nosec B704


@functools.cache
def _environment(templates: str) -> jinja2.Environment:
    folders: Sequence[str] = [templates] if templates else []
    packaged: pathlib.Path = wordings.PACKAGED
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, packaged]),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
