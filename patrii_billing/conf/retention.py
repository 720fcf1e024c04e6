# SPDX-License-Identifier: Apache-2.0
"""How long is kept what is not of the books themselves."""

from oslo_config import cfg

GROUP = 'retention'

_HELP = """
How long is kept what is not of the books themselves; the engine forgets the
rest a few times a day, and `patrii-billing-manage db purge` at once. Invoices,
payments and the timeline are kept for ever; of a customer who was erased by
`patrii-billing-manage account erase` only the sums are. Spans are written as
in [ladder]; 0d keeps for ever.
"""

_OPTIONS = (
    cfg.StrOpt(
        'keep_messages',
        default='30d',
        help="""
How long notifications of nova are kept after they were read, to be looked at
when something was odd. They are most of what the database holds: a cloud that
tells of a hundred thousand things a day needs about ten gigabytes for a month.
Those that could not be read are kept until somebody has seen to them. Not less
than a broker may hold one back, or it would be read twice.
""",
    ),
    cfg.StrOpt(
        'keep_mails',
        default='1095d',
        help="""
How long the texts of mails are kept. That they were sent, when, to whom and
what the mail server said is kept for ever, for deletions rest on it.
""",
    ),
    cfg.IntOpt(
        'keep_documents_years',
        default=10,
        min=0,
        help="""
For how many years the law of your country has you keep invoices and payments
with the names on them, in years from their dates. For so long they stay as
they are when their customer is erased. Ten suits most of Europe; ask who
knows your law before you lower it.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Retention', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
