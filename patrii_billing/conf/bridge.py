# SPDX-License-Identifier: Apache-2.0
"""Another subscription engine that is the source of customers and debts."""

from oslo_config import cfg
from oslo_config import types

GROUP = 'bridge'

_HELP = """
Customers, contracts and debts may come from a subscription engine that the
company runs already. What is read of it decides whom the ladder is about;
what is done here is told there. Each engine has a section of its own. Spans
are written as in [ladder].
"""

# Of a customer, and of a contract.
_KEPT = ('name', 'contacts', 'locale', 'timezone', 'address', 'plan')

_OPTIONS = (
    cfg.StrOpt(
        'driver',
        default='auto',
        help="""
Which engine: its name, such as `tryton` or `odoo`, or `internal` for none.
`auto` takes the one that has its section filled in, and `internal` where
there is none. `patrii-billing-manage bridge show` says what was found.
""",
    ),
    cfg.ListOpt(
        'ours',
        item_type=types.String(choices=_KEPT),
        default=[],
        help="""
What of a customer is kept here and not there, of: name, contacts, locale,
timezone, address; and the plan of his contracts. What is not named follows
the engine, whatever is said of it here.
""",
    ),
    cfg.StrOpt(
        'read_every',
        default='30s',
        help='How often what changed in the engine is read.',
    ),
    cfg.StrOpt(
        'read_whole_every',
        default='24h',
        help="""
How often all of it is read, which finds what was deleted there and what the
readings of changes have missed.
""",
    ),
    cfg.StrOpt(
        'read_overlap',
        default='10m',
        help="""
How far each reading of changes reaches back behind the last one: what was
being written there just then has an older time and a later commit.
""",
    ),
    cfg.StrOpt(
        'read_age',
        default='30m',
        help="""
After so long without a complete reading no server is shelved or deleted for
a debt that the engine told of: it may have been paid since.
""",
    ),
    cfg.IntOpt(
        'max_gone_share',
        default=10,
        min=0,
        max=100,
        help="""
Where more than so many per cent of the known records are missing at once,
the engine's answer is not believed and the operator is told. One may always
be missing.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Other engines', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
