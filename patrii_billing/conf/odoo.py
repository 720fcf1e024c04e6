# SPDX-License-Identifier: Apache-2.0
"""An Odoo that customers are subscribed in."""

from oslo_config import cfg

GROUP = 'odoo'

_HELP = """
Odoo 19 or later as the subscription engine, by its JSON-2 API. Nothing of it
is asked while `url` is empty.
"""

_OPTIONS = (
    cfg.StrOpt(
        'url',
        default='',
        sample_default='https://odoo.example.com',
        help='Where Odoo is, without a path.',
    ),
    cfg.StrOpt(
        'database',
        default='',
        help="""
Its database. Only needed where one server has several and does not choose by
its host name.
""",
    ),
    cfg.StrOpt(
        'api_key',
        default='',
        secret=True,
        help="""
An API key of a user made for this service alone. Odoo ends keys after three
months at the latest: put a new one here before, and restart the engine.
""",
    ),
    cfg.StrOpt(
        'field_map',
        default='lynx',
        help="""
Which of its models and fields hold what: `lynx` for Lynx Sale Subscription
with Patrii Cloud, `oca` for OCA's subscription_oca, or the path of a file
written as those are.
""",
    ),
    cfg.StrOpt(
        'invoices',
        default='theirs',
        choices=[
            ('theirs', 'Odoo invoices; its open invoices move the ladder.'),
            ('ours', 'We invoice, and Odoo collects what is owed.'),
        ],
        help="""
Who draws up the invoices that the ladder is about. To be chosen before the
first reading: a contract that was taken over stays with its side.
""",
    ),
    cfg.IntOpt(
        'product',
        default=0,
        min=0,
        help="""
Id of the product (product.product) that lines written to Odoo are of, for its
account and its taxes, which prices must not include. 0: of none, so that the
journal's account and taxes are taken.
""",
    ),
    cfg.IntOpt(
        'page',
        default=200,
        min=1,
        max=1000,
        help='Records that are read at once.',
    ),
    cfg.FloatOpt(
        'timeout',
        default=60,
        min=1,
        help="""
Seconds to wait for a connection, and then for each part of an answer. Odoo
itself gives up a request after two minutes, if it is not told otherwise.
""",
    ),
    cfg.FloatOpt(
        'patience',
        default=30,
        min=0,
        help="""
The longest pause in seconds before a call is tried again, also where Odoo
asks for a longer one: then the next round tries.
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
Send the API key in the clear to an http:// URL: for an Odoo on this very
host.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Odoo', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
