# SPDX-License-Identifier: Apache-2.0
"""The daemon's workers, and the pace at which they work."""

from oslo_config import cfg

GROUP = 'engine'

_HELP = """
How many processes do the work, and at what pace. Any number of them, on any
number of hosts, may work on one database. SIGHUP has every process finish
what it does and start anew with the file as it is then; only the numbers of
workers need a restart of the daemon. Spans are written as in [ladder].
"""

_WORKERS = (
    cfg.IntOpt(
        'workers',
        default=1,
        min=0,
        help="""
Processes of the engine on this host: they issue invoices, judge customers,
act on servers and send mails. 0 runs none here. Run it on two hosts at
least, so that one may be down.
""",
    ),
    cfg.IntOpt(
        'processor_workers',
        default=1,
        min=0,
        help='Processes that read stored notifications on this host.',
    ),
    cfg.IntOpt(
        'reconciler_workers',
        default=1,
        min=0,
        help="""
Processes that compare the books with nova on this host. One in the whole
installation is enough; one on each of two hosts keeps it going when one of
them is down, at the price of asking nova twice at times.
""",
    ),
    cfg.IntOpt(
        'act_threads',
        default=8,
        min=1,
        help="""
How many servers an engine works on at a time. Raise it if restores after a
payment wait for each other while nova is idle; each thread may hold a
connection to nova and one to the database.
""",
    ),
)

_PACE = (
    cfg.StrOpt(
        'interval',
        default='1s',
        help="""
How long a worker that found nothing to do waits before it looks again. A
look costs a few indexed reads. What is asked of the cloud is looked for five
times as often, by one read of an index: a fifth of this is the longest that a
restore waits after a payment, or a notification to be read.
""",
    ),
    cfg.IntOpt(
        'batch',
        default=100,
        min=1,
        help='How many rows a worker claims or reads at a time.',
    ),
    cfg.IntOpt(
        'charge_batch',
        default=500,
        min=1,
        help="""
How many subscriptions a worker invoices in one transaction. Of more each
costs less; what else is to happen to these customers, such as a payment,
waits until it is done. Lower it where they have hundreds of servers each and
memory is short.
""",
    ),
    cfg.StrOpt(
        'lease',
        default='120s',
        help="""
How long a worker has its work to itself. The work of one that died is taken
up by another after this time. It must be longer than [nova] timeout, or two
workers may call nova for the same server.
""",
    ),
    cfg.StrOpt(
        'poll',
        default='1s',
        help='How long to wait before nova is asked again for its progress.',
    ),
    cfg.StrOpt(
        'retry',
        default='2s',
        help="""
How long to wait before an action on a server is tried again after a failure;
each further time twice as long, up to retry_max.
""",
    ),
    cfg.StrOpt(
        'retry_max',
        default='5m',
        help='The longest wait between two tries of an action.',
    ),
    cfg.StrOpt(
        'blocked',
        default='60s',
        help="""
How long an action waits that may not be done now: in a dry run, at a cap, in
safe mode.
""",
    ),
    cfg.StrOpt(
        'absence_gap',
        default='10s',
        help="""
A server counts as gone when nova says so twice, at least this far apart.
""",
    ),
    cfg.StrOpt(
        'stuck_after',
        default='10m',
        help="""
How long nova may be busy with a server that is shelved or restored before
the operator is told.
""",
    ),
)

_SWEEP = (
    cfg.StrOpt(
        'sweep_every',
        default='10m',
        help="""
How often the books are compared with what changed in nova. It finds what a
lost notification would have told, so this is how late that can be.
""",
    ),
    cfg.StrOpt(
        'full_sweep_every',
        default='1h',
        help="""
How often the books are compared with every server in nova, page by page. It
alone finds servers that vanished without a trace.
""",
    ),
    cfg.StrOpt(
        'sweep_overlap',
        default='5m',
        help="""
How far a comparison reaches back before the one before it began. It must be
longer than hosts' clocks differ and nova's transactions last.
""",
    ),
    cfg.StrOpt(
        'quota_sweep_every',
        default='1h',
        help="""
How often the quota of each project that pays for its quota is compared with
nova, one request for each project. The requests are spread: at most ten at a
time, a pause of `interval` between. So this is how late a quota that somebody
changed in nova is found, and billed from then on.
""",
    ),
)

_MAIL = (
    cfg.StrOpt(
        'mail_retry',
        default='1m',
        help="""
How long to wait before a mail is handed over again that the mail server did
not take; each further time twice as long, up to mail_retry_max. Each mail
waits up to a quarter less, so that those put off together do not come back
together. While the mail server itself is away, one mail tries for all, at
most every retry_max.
""",
    ),
    cfg.StrOpt(
        'mail_retry_max',
        default='1h',
        help='The longest wait between two tries of a mail.',
    ),
    cfg.StrOpt(
        'mail_give_up',
        default='3d',
        help="""
When the operator is told of a mail that the mail server still does not take.
Reminders, grace notices and last warnings are tried further on: the ladder
waits for them. All others are given up then, unless it is the mail server
that was away.
""",
    ),
)

_OPTIONS = (*_WORKERS, *_PACE, *_SWEEP, *_MAIL)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='The engine', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
