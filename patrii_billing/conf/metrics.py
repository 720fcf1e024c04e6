# SPDX-License-Identifier: Apache-2.0
"""Where a monitor may ask how the service fares."""

from oslo_config import cfg

GROUP = 'metrics'

_HELP = """
Figures for Prometheus, asked by HTTP of the daemon: what waits and for how
long, what goes wrong, the switches and caps, and how much is owed. Alert rules
and a Grafana dashboard for them come with the package.
"""

_OPTIONS = (
    cfg.HostAddressOpt(
        'listen',
        sample_default='127.0.0.1',
        help="""
Address at which the daemon answers; unset turns it off. Whoever can reach it
reads how much money is owed, though no customer's name: take an address of
the network of management, never a public one. All hosts tell the same, as the
figures are read from the database; turn it on where it may be down, on two.
""",
    ),
    cfg.PortOpt(
        'port',
        default=8793,
        help='Port at which it answers, under /metrics.',
    ),
    cfg.StrOpt(
        'max_age',
        default='10s',
        help="""
Who asks again within this time is told the same figures again. It bounds what
many monitors cost the database. Raise it if `patrii_billing_read_seconds`
comes near the time between two questions of yours.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Metrics', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
