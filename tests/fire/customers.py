# SPDX-License-Identifier: Apache-2.0
"""The customers of a city under siege: how each pays, and how that ends."""

from dataclasses import dataclass
import uuid

_QUICK = {'invoice_lead': '1s', 'reminders': []}
_BACK = 'lock shelve unshelve unlock'


@dataclass(frozen=True)
class Kind:
    """How customers of a kind are treated.

    :ivar ends: all that may have been done to a server in the end
    :ivar spared: and if a mail had to wait, see Customer
    """

    ladder: dict[str, object]
    ends: tuple[str, ...]
    spared: tuple[str, ...]
    pays: bool = True


KINDS = {
    'debtor': Kind(
        {
            **_QUICK, 'shelve_grace': '2s', 'shelved_span': '2s',
            'deletion_warning': '3s',
        },
        ('lock shelve delete',),
        ('', 'lock shelve'),
        pays=False,
    ),
    # Once he is shelved.
    'payer': Kind(
        {**_QUICK, 'shelve_grace': '2s', 'shelved_span': '1h'}, (_BACK,), ('',)
    ),
    # At any moment between his invoice and the shelving, or just after it.
    'racer': Kind(
        {**_QUICK, 'shelve_grace': '2s', 'shelved_span': '1h'},
        ('', 'lock unlock', _BACK),
        (),
    ),
    'prompt': Kind({**_QUICK, 'shelve_grace': '1h'}, ('',), ()),
}  # fmt: skip


@dataclass
class Customer:
    """One, with a server; `spared` is he who waits long for a mail.

    It may have arrived twice already, each time that a worker was killed
    with it on its way.
    """

    kind: str
    name: str
    project: str
    server: str
    pays_at: float | None = None
    paid: bool = False
    spared: bool = False

    @property
    def pays(self) -> bool:
        return KINDS[self.kind].pays

    def may_end(self, effects: str) -> bool:
        """Whether this, and no more, may have been done to his server."""
        kind = KINDS[self.kind]
        return effects in kind.ends + (kind.spared if self.spared else ())

    def is_at_end(self, status: str) -> bool:
        if self.pays:
            return self.paid and status == 'active'
        waits = self.spared and status in ('grace', 'shelved')
        return waits or status == 'deleted'


def make(kind: str, number: int) -> Customer:
    return Customer(
        kind, f'{kind}-{number}', uuid.uuid4().hex, str(uuid.uuid4())
    )
