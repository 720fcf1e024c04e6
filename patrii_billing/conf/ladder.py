# SPDX-License-Identifier: Apache-2.0
"""The ladder from an unpaid invoice to a deleted server, and its spans."""

from oslo_config import cfg

GROUP = 'ladder'

_HELP = """
When a customer who does not pay is reminded, warned, shelved and deleted.
These are the operator's defaults; a plan or an account may set its own.

A span is a number and a unit: `7d` are calendar days at the same local time
of the account, `48h`, `30m` and `10s` are elapsed time.
"""

_INVOICES = (
    cfg.StrOpt(
        'invoice_lead',
        default='7d',
        help='How long before a period begins its invoice is issued.',
    ),
    cfg.StrOpt(
        'net',
        default='7d',
        help="""
How long after their issue first and extra invoices are due. A renewal is due
when the paid period ends.
""",
    ),
    cfg.ListOpt(
        'reminders',
        default=['-3d', '-1d'],
        help="""
When a customer is reminded, as spans before the due date, the longest first:
`-3d, -1d`. Empty sends no reminder.
""",
    ),
    cfg.IntOpt(
        'tolerance',
        default=0,
        min=0,
        help="""
How much may stay unpaid without any consequence, in the smallest unit of the
account's currency (cents), for what banks deduct on the way.
""",
    ),
    cfg.BoolOpt(
        'settle_fees',
        default=False,
        help="""
Whether what a payment leaves of an invoice, if it is no more than the
tolerance, is let go of: the invoice is paid, and the rest is a bank fee in
the books. Otherwise it stays owed without consequence.
""",
    ),
    cfg.StrOpt(
        'in_transit',
        default='3d',
        help="""
How long a payment that is announced but not confirmed stops the ladder.
Longer suits slow banks, and lets a customer who only announces payments keep
his servers for longer.
""",
    ),
)

_STEPS = (
    cfg.StrOpt(
        'shelve_grace',
        default='48h',
        help="""
How long after the due date an unpaid customer's servers are shelved. The
mail at the beginning of this grace names the hour. It must not be nothing.
""",
    ),
    cfg.StrOpt(
        'shelved_span',
        default='23d',
        help='How long servers stay shelved before the last warning.',
    ),
    cfg.StrOpt(
        'deletion_warning',
        default='7d',
        help="""
How long after the mail server accepted the last warning the servers that it
names are deleted. It must not be nothing, and the law of your country may ask
for more.
""",
    ),
    cfg.StrOpt(
        'undo',
        default='14d',
        help="""
How long what could be kept of a deleted server (its snapshot, its volumes)
is kept for an operator to undo the deletion. It takes room in glance and
cinder for as long, in the project of the [nova] account.
""",
    ),
    cfg.StrOpt(
        'settle',
        default='1h',
        help="""
How long to wait for a server that is in the middle of a task or of a resize.
After that it is left alone and the operator is told.
""",
    ),
    cfg.StrOpt(
        'changes',
        default='next',
        choices=(
            ('next', 'with the invoice of the next period'),
            ('at_once', 'by an invoice of its own, due after net'),
        ),
        help="""
When a change within a period that is invoiced already, such as a new server
or a higher quota, is charged or credited. What lowers an invoice that is not
paid yet is always credited at once.
""",
    ),
    cfg.BoolOpt(
        'freeze_quota',
        default=False,
        help="""
Whether a project's quota is lowered to what it uses while its customer is in
arrears, so that he cannot add servers. It is put back on payment.
""",
    ),
    cfg.StrOpt(
        'quota_drift',
        default='bill',
        choices=(
            ('bill', 'billed from when it was found'),
            ('revert', 'set back to what is billed, and the customer told'),
            ('report', 'left as it is, and the operator told'),
        ),
        help="""
What becomes of a project's quota that somebody changed in nova himself, where
the project's plan has a price of it. It is found within [engine]
quota_sweep_every.
""",
    ),
    cfg.BoolOpt(
        'pause_billed',
        default=False,
        help='Whether the time of a pause, granted by support, is billed.',
    ),
    cfg.BoolOpt(
        'write_off',
        default=False,
        help="""
Whether what a customer owes is written off once his servers are deleted: the
invoices become uncollectible. Otherwise they stay open until a person decides.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='The ladder', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts([*_INVOICES, *_STEPS], group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), [*_INVOICES, *_STEPS])]
