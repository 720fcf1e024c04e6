# SPDX-License-Identifier: Apache-2.0
"""What other systems are told: notifications on the bus, and how long."""

from oslo_config import cfg

GROUP = 'events'

_HELP = """
Every change of a subscription, an invoice, a payment, an action or a quota is
an event that other systems can be told: as a notification on the message bus,
and by the webhooks of [webhooks]. As long as neither is asked for nothing is
kept for them. All processes of the installation (engine, API, commands) must
agree on this, since an event is written with what it tells of. Each event is
delivered at least once: its id is the same at each try. Spans are written as
in [ladder].
"""

_BUS = (
    cfg.BoolOpt(
        'notify',
        default=False,
        help="""
Whether events are published as notifications `billing.*` with priority info,
by the drivers of [oslo_messaging_notifications] (messagingv2 where none is
chosen). Have something read the topics before you turn this on: the broker
keeps what nobody reads.
""",
    ),
    cfg.ListOpt(
        'topics',
        default=['billing_notifications'],
        help='Topics that notifications are published to.',
    ),
    cfg.StrOpt(
        'exchange',
        default='billing',
        help='The exchange that notifications are published to.',
    ),
    cfg.ListOpt(
        'notified',
        default=['billing.*'],
        help="""
Which events are published, by patterns of their types, such as
`billing.invoice.*`.
""",
    ),
)

_PACE = (
    cfg.StrOpt(
        'delivery_retry',
        default='5s',
        help="""
How long a listener rests that was not reached, and how long an event waits
that was refused; each further time twice as long, up to delivery_retry_max.
""",
    ),
    cfg.StrOpt(
        'delivery_retry_max',
        default='1h',
        help="""
The longest wait between two tries. A listener that comes back is told what he
missed within this time.
""",
    ),
    cfg.StrOpt(
        'delivery_give_up',
        default='3d',
        help="""
After how long an event that a listener did not take is dead: the operator is
told, and `openstack billing event redeliver` sends it again.
""",
    ),
    cfg.StrOpt(
        'keep_delivered',
        default='7d',
        help="""
How long events are kept after they were delivered, to be looked at or sent
again. Longer costs a row an event and one a delivery.
""",
    ),
    cfg.StrOpt(
        'keep_dead',
        default='90d',
        help="""
How long dead events are kept, and what came in by webhook: for as long a
message that is sent again is known.
""",
    ),
)

_OPTIONS = (*_BUS, *_PACE)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Events', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
