# SPDX-License-Identifier: Apache-2.0
"""Tryton behind the port of the engine."""

from collections.abc import Iterator
from collections.abc import Sequence
import datetime as dt
import functools

from oslo_config import cfg

from patrii_billing.domain import bridge
from patrii_billing.drivers.tryton import client as clients
from patrii_billing.drivers.tryton import collecting
from patrii_billing.drivers.tryton import reading
from patrii_billing.drivers.tryton import records
from patrii_billing.drivers.tryton import writing
from patrii_billing import errors

# What must be there, and by which module of Tryton's it is.
_MODELS = {
    'party.party': 'party',
    'account.invoice': 'account_invoice',
    'sale.subscription': 'sale_subscription',
}


class Tryton:
    """One company of a Tryton; see engine.ports.SubscriptionEngine."""

    def __init__(
        self,
        place: clients.Place,
        company: str = '',
        fields: reading.Fields = reading.Fields(),
        invoices: bridge.Owner = bridge.Owner.THEIRS,
    ) -> None:
        self.invoices = invoices
        self._place = place
        self._client = clients.Client(place)
        self._company = company
        self._fields = fields

    def look(self) -> bridge.Sight:
        place = self._place
        release = self._client.release()
        what = f'Tryton {release} at {place.url}, database {place.database}'
        try:
            return bridge.Sight(what=what, needs=self._needs())
        except clients.NeedError as error:
            return bridge.Sight(what=what, needs=(str(error),))
        except errors.EngineRefused as error:
            need = f'its user may not read all of it: {error.reason}'
            return bridge.Sight(what=what, needs=(need,))

    def changes(self, since: dt.datetime | None) -> Iterator[bridge.Page]:
        yield from self._reader.changes(since)
        if self.invoices is bridge.Owner.OURS:
            yield from self._collecting.changes(since)

    def bills(self, customer: str) -> Sequence[bridge.Bill]:
        """Raises EngineUnavailable also where one of them is not readable."""
        found = self._reader.bills.unpaid(records.number_of(customer))
        return [one for one in _understood(found).bills if one.owed]

    def payments(self, customer: str) -> Sequence[bridge.Payment]:
        """Raises EngineUnavailable also where one of them is not readable."""
        found = self._collecting.page({records.number_of(customer)})
        return _understood(found).payments

    def write_invoice(self, invoice: bridge.Invoice) -> str:
        return self._collecting.write(invoice)

    def write_line(self, line: bridge.Line) -> str:
        return self._writer.line(line)

    def write_status(self, status: bridge.Status) -> None:
        self._writer.status(status)

    def write_note(self, note: bridge.Note) -> str:
        return self._writer.note(note)

    def _needs(self) -> tuple[str, ...]:
        found = self._client.rows(
            'ir.model', [['name', 'in', sorted(_MODELS)]], ('name',)
        )
        there = {one['name'] for one in found}
        missing = [
            f'its module {module} is not activated'
            for model, module in _MODELS.items()
            if model not in there
        ]
        if missing:
            return tuple(missing)
        try:
            self._reader.sample()
        except errors.EngineUnavailable as error:
            return (f'its records are not as expected: {error}',)
        return ()

    @functools.cached_property
    def _reader(self) -> reading.Reader:
        return reading.Reader(self._client, self._number, self._fields)

    @functools.cached_property
    def _writer(self) -> writing.Writer:
        return writing.Writer(self._client, self._number)

    @functools.cached_property
    def _collecting(self) -> collecting.Collecting:
        return collecting.Collecting(self._client, self._number)

    @functools.cached_property
    def _number(self) -> int:
        """The id of the company. Raises EngineUnavailable where it is open."""
        found = self._client.rows('company.company', [], ('party.name',))
        names = {one['party']['name']: int(one['id']) for one in found}
        if self._company in names:
            return names[self._company]
        if not self._company and len(names) == 1:
            return next(iter(names.values()))
        listed = ', '.join(sorted(names)) or 'none'
        raise clients.NeedError(
            f'[tryton] company must be one that the user sees: {listed}'
        )


def _understood(page: bridge.Page) -> bridge.Page:
    for ref, why in page.unread.items():
        raise errors.EngineUnavailable(f'{ref} is not understood: {why}')
    return page


def build(conf: cfg.ConfigOpts) -> Tryton | None:
    """The Tryton that [tryton] names. Raises InvalidInput."""
    options = conf.tryton
    if not options.url:
        return None
    place = clients.Place(
        options.url,
        options.database,
        options.key,
        options.timeout,
        options.cafile,
        options.allow_http,
    )
    fields = reading.Fields(options.project_field, options.plan_field)
    invoices = bridge.Owner(options.invoices)
    return Tryton(place, options.company, fields, invoices)
