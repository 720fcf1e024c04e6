# SPDX-License-Identifier: Apache-2.0
"""The REST API: who is let in, and how much is answered at once."""

from oslo_config import cfg

GROUP = 'api'

_OPTIONS = (
    cfg.StrOpt(
        'auth_strategy',
        default='keystone',
        choices=(
            ('keystone', 'a token of keystone, see [keystone_authtoken]'),
            ('noauth', 'anybody is who he says he is: for tests only'),
        ),
        help="""
How a caller shows who he is. With noauth the token is NAME:PROJECT:ROLE,ROLE
and is believed; never let such an API be reached by others.
""",
    ),
    cfg.StrOpt(
        'paste_config',
        help="""
The file of the filters before the API. Unset takes
/etc/patrii_billing/api-paste.ini, or the one that is packaged. Change it to
add a filter of your own, as for auditing.
""",
    ),
    cfg.IntOpt(
        'max_limit',
        default=1000,
        min=1,
        max=10000,
        help="""
How many items a list answers at most, and without a `limit` of the caller's.
Each page costs the same wherever it begins; a greater one costs memory.
""",
    ),
    cfg.IntOpt(
        'max_body_size',
        default=1048576,
        min=1024,
        help='Bytes of a request; a longer one is answered by 413.',
    ),
    cfg.StrOpt(
        'keep_keys',
        default='7d',
        help="""
For how long the answer to a write with an Idempotency-Key is kept. The same
request again within this span does nothing and is answered the same.
""",
    ),
    cfg.StrOpt(
        'summary_age',
        default='15s',
        help="""
How old the summary may be that is shown, which tells of when it is. It takes
a second to read over a million invoices, and is read by one of all who look.
The months that are over are summed up every ten minutes at most. 0s reads all
of it each time.
""",
    ),
)

_HELP = """
The REST API, an application for any WSGI server:
patrii_billing.wsgi.api:application. Files to read instead of
/etc/patrii_billing/patrii_billing.conf are named, with ; between them, by
the environment variable PATRII_BILLING_CONFIG_FILES.
"""


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='The REST API', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
