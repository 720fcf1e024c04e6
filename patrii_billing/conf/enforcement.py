# SPDX-License-Identifier: Apache-2.0
"""How far enforcement may go, when, and what makes it stop by itself."""

from oslo_config import cfg
from oslo_config import types

GROUP = 'enforcement'

_HELP = """
What keeps shelving and deleting within bounds. Nothing here stops a restore:
who has paid gets his servers back.
"""

_WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
_DAY = types.String(choices=_WEEKDAYS)

_SWITCH = (
    cfg.BoolOpt(
        'dry_run',
        default=True,
        help="""
Whether to decide and record everything but to change nothing in the cloud
and to mail no customer. Leave it on until the timeline shows what you
expect. Nobody is shelved or deleted who was warned only in a dry run.
""",
    ),
    cfg.ListOpt(
        'approval',
        item_type=types.String(choices=['shelve', 'delete', 'purge']),
        default=[],
        sample_default=['delete', 'purge'],
        help="""
The types of action to which a person has to say yes one by one, or many at
once, by `openstack billing action approve`: `shelve`, `delete`, and `purge`,
which removes what was kept of a deleted server. Until then such an action
waits, and the operator is told once a day how many do. A yes weakens nothing
else: the customer must still owe, and caps, hours and switches still count.
While servers wait their unpaid usage goes on, so look often.
""",
    ),
)

_CAPS = (
    cfg.IntOpt(
        'max_shelves_per_hour',
        default=50,
        min=0,
        help="""
How many servers may be shelved within an hour. One more, and all enforcement
stops and the operator is told, until he says `patrii-billing-manage resume`.
Raise it for a cloud of many thousands of servers; a wrong import can do as
much harm in an hour.
""",
    ),
    cfg.IntOpt(
        'max_deletes_per_hour',
        default=10,
        min=0,
        help="""
How many servers may be deleted within an hour; one more stops enforcement.
""",
    ),
    cfg.IntOpt(
        'max_delete_share',
        default=10,
        min=0,
        max=100,
        help="""
How many per cent of all servers may be deleted within 30 days; one server
more stops enforcement. In a small cloud min_delete_cap counts instead, if it
is more.
""",
    ),
    cfg.IntOpt(
        'min_delete_cap',
        default=10,
        min=0,
        help="""
How many servers may be deleted within 30 days, however small their share
would make that.
""",
    ),
    cfg.IntOpt(
        'max_arrears_share',
        default=30,
        min=0,
        max=100,
        help="""
How many per cent of all contracts may fall behind within 30 days. If more
do, it is rather a mistake of ours than of all of them (a bank statement that
was not imported, a wrong price list, an import of old balances): all
enforcement stops before the first server is shelved, and the operator is
told. `resume` counts anew. Raise it if many of your customers pay late each
month; 100 turns it off.
""",
    ),
    cfg.IntOpt(
        'min_arrears_cap',
        default=10,
        min=0,
        help="""
How many contracts may fall behind within 30 days, however small their share
would make that.
""",
    ),
)

_WINDOWS = (
    cfg.StrOpt(
        'shelve_hours',
        default='00:00-24:00',
        sample_default='09:00-17:00',
        help="""
Hours of the day, local to the account, in which servers are shelved. What
falls due outside of them waits.
""",
    ),
    cfg.ListOpt(
        'shelve_weekdays',
        item_type=_DAY,
        default=_WEEKDAYS,
        help='Weekdays on which servers are shelved.',
    ),
    cfg.StrOpt(
        'delete_hours',
        default='00:00-24:00',
        sample_default='09:00-17:00',
        help='Hours of the day, local to the account, for deletions.',
    ),
    cfg.ListOpt(
        'delete_weekdays',
        item_type=_DAY,
        default=_WEEKDAYS,
        help='Weekdays on which servers are deleted.',
    ),
    cfg.ListOpt(
        'holidays',
        default=[],
        sample_default=['2027-01-01', '2027-12-25'],
        help='Days on which nothing is shelved or deleted.',
    ),
)

_MISTRUST = (
    cfg.StrOpt(
        'safe_gap',
        default='6h',
        help="""
A service that has slept for longer (an outage, a restored database) begins
in safe mode: it restores, and shelves and deletes nothing until an operator
has looked and said `patrii-billing-manage resume`.
""",
    ),
    cfg.StrOpt(
        'clock_gap',
        default='7d',
        help="""
A service that believes to have slept for longer than this has rather a wrong
clock, or the database of long ago. Then, beyond safe mode, nothing is
invoiced, judged or mailed to customers, and the books are not compared with
nova; only restores are done. If the clock is put right it goes on by itself
with the books; if the clock is right, say `patrii-billing-manage resume`.
`0s` turns it off.
""",
    ),
    cfg.StrOpt(
        'clock_slack',
        default='2m',
        help="""
By how much the clock may step back, or differ between hosts, before safe
mode. Keep the hosts' clocks synchronised.
""",
    ),
    cfg.StrOpt(
        'silence',
        default='24h',
        help="""
Without any notification of nova's for as long nothing is shelved or deleted.
Raise it for a cloud where nothing happens for days; `0s` turns it off, which
is for a cloud without notifications.
""",
    ),
    cfg.StrOpt(
        'inbox_age',
        default='30m',
        help="""
As long as a notification waits unread for longer than this, nothing is
shelved or deleted.
""",
    ),
    cfg.StrOpt(
        'sweep_age',
        default='3h',
        help="""
If the books were not compared with nova within this time, nothing is shelved
or deleted. It must be longer than [engine] sweep_every.
""",
    ),
    cfg.IntOpt(
        'max_missing_share',
        default=10,
        min=0,
        max=100,
        help="""
How many per cent of all servers may vanish from nova without a trace before
nova is not believed: an account that lost its role, or an endpoint of another
cloud, is answered with an empty list and 404 for every server. Beyond it
nobody's server counts as gone, and safe mode begins. When nova shows them
again, or they are really gone, say `patrii-billing-manage resume`.
""",
    ),
    cfg.IntOpt(
        'min_missing_cap',
        default=10,
        min=0,
        help="""
How many servers may vanish at once, however small their share would make
that.
""",
    ),
)

_OPTIONS = (*_SWITCH, *_CAPS, *_WINDOWS, *_MISTRUST)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Bounds of enforcement', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
