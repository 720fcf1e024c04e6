# SPDX-License-Identifier: Apache-2.0
"""Webhooks out and in; each endpoint and each source has its own section."""

import re

from oslo_config import cfg

GROUP = 'webhooks'
# The sections of those that [webhooks] names, up to the name.
ENDPOINT = 'webhook'
SOURCE = 'webhook_source'
# Names that mean something else where these would stand.
_TAKEN = frozenset({'bank', 'notifications', 'person', 'service'})
_NAME = re.compile(r'[a-z0-9][a-z0-9_-]{0,31}')

_HELP = """
Systems that are told what happens by HTTP, and systems that tell of payments
by HTTP, both signed as Standard Webhooks has it; the latter may sign as
Stripe does. A name in `endpoints` has its options in a section
[webhook:NAME], one in `sources` in a section [webhook_source:NAME]. A secret
is written as `whsec_` and 24 to 64 bytes in
base64, such as `echo whsec_$(openssl rand -base64 32)` makes.
"""

_OPTIONS = (
    cfg.ListOpt(
        'endpoints',
        default=[],
        sample_default=['erp'],
        help='Names (small letters, digits, _ and -) of systems to tell.',
    ),
    cfg.ListOpt(
        'sources',
        default=[],
        sample_default=['gateway'],
        help="""
Names of systems that may tell of payments. They POST to
`/v1/webhooks/NAME`; the name becomes part of the payments' keys and of their
account in the journal, so do not change it later.
""",
    ),
    cfg.StrOpt(
        'tolerance',
        default='5m',
        help="""
How far the time of a message that comes in may be from ours. What is older
may have been recorded by somebody and sent again.
""",
    ),
    cfg.IntOpt(
        'max_body',
        default=65536,
        min=1024,
        help='The largest message that comes in, in bytes.',
    ),
)

_OUT = (
    cfg.StrOpt(
        'url',
        default='',
        sample_default='https://erp.example.com/hooks/billing',
        help="""
Where events are sent by POST. Redirects are not followed; 2xx within
`timeout` is success.
""",
    ),
    cfg.ListOpt(
        'secrets',
        default=[],
        secret=True,
        help="""
The secrets that events are signed with: one, or two while the endpoint is
given a new one.
""",
    ),
    cfg.ListOpt(
        'events',
        default=['billing.*'],
        help="""
Which events are sent, by patterns of their types, such as
`billing.invoice.*,billing.subscription.status`.
""",
    ),
    cfg.FloatOpt(
        'timeout',
        default=10,
        min=1,
        help="""
Seconds to wait for a connection, and then for each part of an answer; three
times as long for all of it, which must be shorter than [engine] lease. An
endpoint should answer first and work then: while it thinks, what comes after
waits.
""",
    ),
    cfg.StrOpt(
        'cafile',
        default='',
        help="""
File with the certificates (PEM) of the authorities to trust for it. Empty
trusts the usual ones.
""",
    ),
    cfg.BoolOpt(
        'allow_http',
        default=False,
        help="""
Send in the clear to an http:// URL. Whoever sits in between reads names and
amounts; for an endpoint on this very host.
""",
    ),
)

_IN = (
    cfg.ListOpt(
        'secrets',
        default=[],
        secret=True,
        help="""
The secrets one of which signed what comes in: one, or two while the sender is
given a new one.
""",
    ),
    cfg.StrOpt(
        'signature',
        default='standard',
        choices=[
            ('standard', 'As Standard Webhooks has it; secrets are base64.'),
            ('stripe', "As Stripe does, in the header Stripe-Signature; a "
             "secret is the endpoint's, taken as it is."),
        ],
        help='How the sender signs.',
    ),
    cfg.StrOpt(
        'mapping',
        default='patrii',
        choices=[
            ('patrii', 'Our own shape, for senders written for it.'),
            ('stripe', "Events shaped as Stripe's."),
            ('own', 'All of it is said by the options below.'),
        ],
        help="""
Where in a message stands what. The options below replace parts of it. A path
names fields one inside the other, apart by points: `data.object.id`; several
paths apart by | are tried in order.
""",
    ),
    cfg.StrOpt(
        'map_file',
        default='',
        sample_default='/etc/patrii_billing/payments.yaml',
        help="""
A map of one's own, instead of `mapping`. It is YAML, may extend a known one
(`extends: stripe`), and says of each type of a message what it tells.
""",
    ),
    cfg.StrOpt(
        'id',
        help="""
Path of what a message is called, the same when it is sent again. For where
no header says so.
""",
    ),
    cfg.StrOpt('type', help='Path of the type of a message.'),
    cfg.ListOpt('received', help='Types that say money was received.'),
    cfg.ListOpt('pending', help='Types that say money is on its way.'),
    cfg.ListOpt('failed', help='Types that say money will not come.'),
    cfg.ListOpt('charged_back', help='Types that say a bank took it back.'),
    cfg.ListOpt('refunded', help='Types that say it was paid back.'),
    cfg.ListOpt(
        'attempt_failed',
        help='Types that say one attempt failed; another may succeed.',
    ),
    cfg.ListOpt(
        'reinstated', help='Types that say a bank gave it back to us again.'
    ),
    cfg.ListOpt('for_a_person', help='Types that a person must look at.'),
    cfg.StrOpt(
        'payment',
        help="""
Path of what the payment is called there, the same in all messages about it.
""",
    ),
    cfg.StrOpt(
        'movement',
        help="""
Path of what a charge back or a refund is called there, so that two parts of
one payment can go back.
""",
    ),
    cfg.StrOpt('amount', help='Path of the amount.'),
    cfg.StrOpt(
        'unit',
        choices=[
            ('decimal', 'A decimal number in a string, "12.00".'),
            ('minor', 'A whole number of minor units (cents), 1200.'),
        ],
        help='How the amount is written.',
    ),
    cfg.StrOpt('currency', help='Path of the currency, by its ISO 4217 code.'),
    cfg.StrOpt('why', help='Path of a reason to keep.'),
    cfg.StrOpt('account_id', help="Path of the account's id with us."),
    cfg.StrOpt('account_name', help="Path of the account's name with us."),
    cfg.StrOpt('external_ref', help="Path of the account's external_ref."),
    cfg.StrOpt('invoice', help="Path of an invoice's number, INV-000017."),
    cfg.StrOpt('reference', help="Path of an invoice's payment reference."),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Webhooks', help=_HELP)


def _section(kind: str, name: str) -> cfg.OptGroup:
    title = 'A system to tell' if kind == ENDPOINT else 'A system that tells'
    return cfg.OptGroup(f'{kind}:{name}', title=title)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def register_named(conf: cfg.ConfigOpts) -> None:
    """Register the sections of those that the configuration names.

    Raises cfg.Error for a name that cannot be one.
    """
    for kind, option, options in (
        (ENDPOINT, 'endpoints', _OUT),
        (SOURCE, 'sources', _IN),
    ):
        for name in conf.webhooks[option]:
            if not _NAME.fullmatch(name) or name in _TAKEN:
                raise cfg.Error(
                    f'[{GROUP}] {option}: {name!r} is not 1 to 32 small '
                    f'letters, digits, _ and -, or is one of '
                    f'{", ".join(sorted(_TAKEN))}'
                )
            conf.register_group(_section(kind, name))
            conf.register_opts(options, group=f'{kind}:{name}')


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [
        (_group(), list(_OPTIONS)),
        (_section(ENDPOINT, 'name'), list(_OUT)),
        (_section(SOURCE, 'name'), list(_IN)),
    ]
