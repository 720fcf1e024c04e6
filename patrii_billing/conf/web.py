# SPDX-License-Identifier: Apache-2.0
"""The pages for support, finance and operators: who gets in, and how long."""

from oslo_config import cfg

GROUP = 'web'

_OPTIONS = (
    cfg.StrOpt(
        'auth',
        default='keystone',
        choices=(
            ('keystone', 'a form that asks for a user of keystone'),
            ('proxy', 'a web server in front says who it is, see `proxy_*`'),
            ('off', 'no pages are served'),
        ),
        help="""
How a person shows who he is. Which pages he sees, and what he may do there,
is what policy says of his roles, as it is for the API.
""",
    ),
    cfg.StrOpt(
        'secret',
        secret=True,
        help="""
What sessions are signed with: any long random text, the same on all hosts,
as `openssl rand -hex 32` prints. Whoever knows it can be anybody. A change
logs everybody out. Unset makes one at each start, which serves one process.
""",
    ),
    cfg.StrOpt(
        'session',
        default='1h',
        help="""
How long after the login one has to log in again; a role that was taken away
counts until then.
""",
    ),
    cfg.IntOpt(
        'login_attempts',
        default=10,
        min=0,
        help="""
Wrong passwords of one user from one address within five minutes, after which
more are answered by 429 without keystone being asked; ten times as many of
all users from one address. Each process of the web server counts for itself.
Behind a proxy set [oslo_middleware] enable_proxy_headers_parsing, else all
come from one address. For a lock of the user himself see keystone's
[security_compliance] lockout_failure_attempts. 0 counts nothing.
""",
    ),
    cfg.StrOpt(
        'project',
        default='',
        help="""
Id or name of the project in which staff have their roles, taken at the login
before others. Empty takes the first, by name, that a user has a role in,
unless he names one.
""",
    ),
    cfg.BoolOpt(
        'secure_cookies',
        default=True,
        help="""
Whether browsers send the session over TLS alone. Turn it off only to try the
pages without TLS on a machine of your own.
""",
    ),
    cfg.StrOpt(
        'sso_url',
        default='',
        help="""
Keystone's page of single sign-on, as
https://keystone.example/v3/auth/OS-FEDERATION/websso/openid. It adds a button
to the login; keystone must have https://billing.example/ui/sso among its
[federation] trusted_dashboard. Empty leaves it out.
""",
    ),
    cfg.StrOpt(
        'proxy_user_header',
        default='X-Remote-User',
        help="""
With auth = proxy, the header in which the web server in front names the user.
It must remove what a browser sends there itself, and nobody may reach this
service but through it.
""",
    ),
    cfg.StrOpt(
        'proxy_roles_header',
        default='X-Remote-Groups',
        help="""
With auth = proxy, the header with the user's groups or roles, between commas.
""",
    ),
    cfg.DictOpt(
        'proxy_roles',
        default={},
        sample_default={'finance-team': 'billing_finance'},
        help="""
Which role a group of that header stands for. A group without one gives the
role of its own name if that is one of billing_admin, billing_finance and
billing_support, and else none.
""",
    ),
)

_HELP = """
The pages under /ui, served with the API. They need the same database, and for
logins the keystone of [nova].
"""


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='The pages', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
