# SPDX-License-Identifier: Apache-2.0
"""All notices on one page, as customers would get them, to be looked at.

The pages need neither a network nor scripts, so that a folder of them can be
opened anywhere, and shown by any web server.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
import datetime as dt

from patrii_billing.domain import mail as mails
from patrii_billing.domain import samples
from patrii_billing.mail import compose
from patrii_billing.mail import looks
from patrii_billing.mail import render

INDEX = 'index.html'
_PAGE = 'gallery.html.j2'
_OTHERS = 'Billing'
GROUPS: Mapping[str, tuple[str, ...]] = {
    'Billing': (
        'invoice', 'reminder', 'payment_received', 'payment_failed',
        'credit_note',
    ),
    'Ladder': (
        'grace', 'shelved', 'last_warning', 'deleted', 'restored',
        'hold_begun', 'hold_ended',
    ),
    'Quota': ('quota_changed', 'quota_refused'),
    'Contract': ('contract_ending', 'contract_kept', 'deletion_requested'),
    'Operators': ('operator',),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One notice in one language, as one case of it and one plan has it."""

    template: str
    case: str
    plan: str
    language: str
    mail: mails.Mail

    @property
    def key(self) -> str:
        """The same for all languages; safe in a page and as a file's name."""
        parts = [self.template, self.case]
        if self.plan:
            # A plan's name may hold what neither takes.
            parts.append(self.plan.encode().hex())
        return '-'.join(parts)

    @property
    def name(self) -> str:
        return f'{self.language}-{self.key}'

    @property
    def title(self) -> str:
        words = [self.template.replace('_', ' ')]
        if self.case != samples.USUAL:
            words.append(self.case.replace('_', ' '))
        if self.plan:
            words.append(f'plan {self.plan}')
        return ', '.join(words)


def exhibits(brand: compose.Brand, now: dt.datetime) -> list[Exhibit]:
    """Every notice in every way it comes; those of plans where they differ.

    A template that is broken shows the packaged one, with its `fault`.
    """
    return [
        one
        for plan in ('', *render.plans(brand.templates))
        for language in render.languages(
            render.folders(brand.templates, plan)
        )
        for template in mails.TEMPLATES
        if not plan or render.is_special(brand.templates, plan, template)
        for one in _of(brand, template, plan, language, now)
    ]


def _of(
    brand: compose.Brand,
    template: str,
    plan: str,
    language: str,
    now: dt.datetime,
) -> Iterator[Exhibit]:
    for case, sample in samples.cases(template, now, language).items():
        notice = dataclasses.replace(sample, plan=plan)
        mail = compose.compose(brand, notice)
        yield Exhibit(template, case, plan, language, mail)


def pages(brand: compose.Brand, now: dt.datetime) -> dict[str, str]:
    """The gallery as files, by their names; INDEX is where to begin.

    Each mail is there as a light and as a dark screen shows it.
    """
    shown = exhibits(brand, now)
    files = {INDEX: index(brand, shown)}
    for one in shown:
        files[f'{one.name}.html'] = looks.on_screen(one.mail, dark=False)
        files[f'{one.name}.dark.html'] = looks.on_screen(one.mail, dark=True)
    return files


def index(brand: compose.Brand, shown: list[Exhibit]) -> str:
    """The page that frames the mails, from files beside it."""
    return render.rendered(
        (),
        _PAGE,
        {
            'brand': brand,
            'colours': looks.colours(brand.accent),
            'languages': list(dict.fromkeys(one.language for one in shown)),
            'groups': _grouped(shown),
        },
    )


def _grouped(
    shown: list[Exhibit],
) -> dict[str, dict[str, list[Exhibit]]]:
    """By group and then by key, which holds all languages of one mail."""
    places = {
        template: group
        for group, templates in GROUPS.items()
        for template in templates
    }
    found: dict[str, dict[str, list[Exhibit]]] = {
        group: {} for group in GROUPS
    }
    order = list(places)
    last = len(order)
    for one in sorted(
        shown,
        key=lambda one: order.index(one.template)
        if one.template in places
        else last,
    ):
        group = found[places.get(one.template, _OTHERS)]
        group.setdefault(one.key, []).append(one)
    return found
