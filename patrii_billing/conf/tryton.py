# SPDX-License-Identifier: Apache-2.0
"""Tryton as the subscription engine: where it is, and what stands where."""

from oslo_config import cfg

GROUP = 'tryton'

_HELP = """
A Tryton server (8.0 or later) with its modules account_invoice and
sale_subscription, asked over its REST API. Its parties that have a
subscription are customers here, its subscriptions are theirs, and its invoices
are what the ladder is about. Leave `url` empty where there is none.
"""

_OPTIONS = (
    cfg.StrOpt(
        'url',
        default='',
        sample_default='https://tryton.example.com',
        help='Where the server answers, without the name of the database.',
    ),
    cfg.StrOpt('database', default='', help='The name of its database.'),
    cfg.StrOpt(
        'key',
        default='',
        secret=True,
        help="""
The key of an application of the kind REST, of a user of Tryton in the groups
Sales and Accounting. Whoever has it may do what this user may.
""",
    ),
    cfg.StrOpt(
        'company',
        default='',
        help="""
The name of the company whose subscriptions and invoices count. Needed where
the user sees several.
""",
    ),
    cfg.StrOpt(
        'invoices',
        default='theirs',
        choices=[
            ('theirs', 'Tryton invoices; its open invoices move the ladder.'),
            ('ours', 'We invoice, and Tryton collects what is owed.'),
        ],
        help="""
Who draws up the invoices that the ladder is about. To be chosen before the
first reading: a contract that was taken over stays with its side.
""",
    ),
    cfg.StrOpt(
        'project_field',
        default='reference',
        help="""
The field of a subscription that holds the id of its project in keystone. A
path such as `lines.service.product.code` names fields one inside the other;
of several values the first counts.
""",
    ),
    cfg.StrOpt(
        'plan_field',
        default='lines.service.product.code',
        help='Likewise, the field that holds the name of its plan here.',
    ),
    cfg.FloatOpt(
        'timeout',
        default=30,
        min=1,
        help='Seconds to wait for a connection, and for each part of an '
        'answer.',
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
Ask an http:// URL. Whoever sits in between can read the key, and may then do
what its user may; for a server on this very host.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Tryton', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
