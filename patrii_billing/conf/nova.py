# SPDX-License-Identifier: Apache-2.0
"""How the cloud is reached: the account, its endpoints, its patience."""

from keystoneauth1 import loading as ks_loading
from oslo_config import cfg

GROUP = 'nova'

_HELP = """
The keystone account that acts on customers' servers, and where nova is.
Keystone, glance and cinder are reached with the same account, region and
interfaces.

The account needs the role `admin` in a project of its own: nova compares the
project when it records who locked a server, and the snapshots of shelved
servers are stored in this project, so give it room in glance. Use `auth_type
= password`: an application credential cannot put back the lock that an owner
had set on his server.
"""

# Those of keystoneauth's options that mean more here than they do elsewhere.
_OURS = (
    cfg.FloatOpt(
        'timeout',
        default=60,
        min=1,
        help="""
Seconds to wait for an answer of any service of the cloud. After that the
outcome of a call is unknown: nothing further is done to that server until
nova has shown its state. Raise it where listing 1000 servers takes nova
longer; a hanging service then occupies a worker for as long.
""",
    ),
    cfg.StrOpt(
        'service_type',
        default='compute',
        help='Service type of nova in the keystone catalogue.',
    ),
    cfg.ListOpt(
        'valid_interfaces',
        default=['internal', 'public'],
        # As DevStack and older files have it for every service.
        deprecated_name='interface',
        help="""
Interfaces of the keystone catalogue to use, in order of preference: any of
internal, public and admin. It holds for every service.
""",
    ),
    cfg.StrOpt(
        'region_name',
        help="""
The region whose servers this installation bills and acts on. Unset takes the
first one in the catalogue, which is safe only where there is just one.
""",
    ),
    cfg.IntOpt(
        'connect_retries',
        default=2,
        min=0,
        help="""
How often a read is tried again when the connection fails or times out, with
growing pauses. Calls that change something are never repeated, whatever is
set here: a second shelve or delete must not follow from a lost answer. A
read may thus take (connect_retries + 1) x timeout seconds.
""",
    ),
    cfg.IntOpt(
        'status_code_retries',
        default=2,
        min=0,
        help="""
How often a read is tried again when the service answers with one of
retriable_status_codes (503 by default). Calls that change something are
never repeated.
""",
    ),
    cfg.IntOpt(
        'page_size',
        default=1000,
        min=1,
        max=1000,
        help="""
How many servers to ask nova for at a time when all of them are read. Nova
itself gives at most its own `[api] max_limit` (1000). Lower it where such a
page takes nova more than `timeout` seconds; more pages then take longer in
all.
""",
    ),
    cfg.StrOpt(
        'quota_backend',
        default='auto',
        choices=(
            ('auto', 'to nova, and to keystone if nova did not take it'),
            ('nova', "to nova's own quotas (its DbQuotaDriver)"),
            ('keystone', "to keystone's limits (its UnifiedLimitsDriver)"),
            ('none', 'nowhere; nova limits nothing (its NoopQuotaDriver)'),
        ),
        help="""
Where the quota of a project is written to. It is always read back from nova,
and counts only if nova then shows it. Keystone's limits need a registered
limit of each resource, such as servers, class:VCPU and class:MEMORY_MB.
""",
    ),
    cfg.StrOpt(
        'member_role',
        default='member',
        help="""
The role nova's policy asks of a project's own users. It is granted to this
account in a customer's project for the moment it takes to put back a lock
that the customer had set himself, and taken away again.
""",
    ),
)


def _options() -> list[cfg.Opt]:
    standard = [
        *ks_loading.get_session_conf_options(),
        *ks_loading.get_adapter_conf_options(include_deprecated=False),
    ]
    ours = {option.dest for option in _OURS}
    return [*(o for o in standard if o.dest not in ours), *_OURS]


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='The cloud', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_options(), group=GROUP)
    ks_loading.register_auth_conf_options(conf, GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    """For the sample configuration; a password is the usual way in."""
    auth = [
        *ks_loading.get_auth_common_conf_options(),
        *ks_loading.get_auth_plugin_conf_options('password'),
    ]
    return [(_group(), [*_options(), *auth])]
