# SPDX-License-Identifier: Apache-2.0
"""Where nova's notifications are heard."""

from oslo_config import cfg

GROUP = 'listener'

_HELP = """
Where nova's notifications are heard. The broker is the one of `[DEFAULT]
transport_url`, or of `[oslo_messaging_notifications] transport_url` if that
is set.

Nova sends nothing by itself. In the nova.conf of every service set
`[oslo_messaging_notifications] driver = messagingv2`, `[notifications]
notification_format = both` (or versioned), `notify_on_state_change =
vm_and_task_state`, and add our topic: `versioned_notifications_topics =
versioned_notifications,patrii_notifications`.

Queues are shared with nova, which declares them, too: `amqp_durable_queues`,
`rabbit_quorum_queue` and `amqp_auto_delete` in our `[oslo_messaging_rabbit]`
must equal those in nova.conf, or the broker refuses one of the two. Durable
and quorum queues keep what waits in them through a restart of the broker;
what other queues lose is found by the next sweep.
"""

_OPTIONS = (
    cfg.IntOpt(
        'workers',
        default=1,
        min=0,
        help="""
Processes that listen, here on this host; 0 listens not at all here. They
compete for messages, with those of other hosts as well. One stores more than
a thousand messages a second; a second one keeps listening while the first is
restarted.
""",
    ),
    cfg.ListOpt(
        'topics',
        default=['patrii_notifications'],
        help="""
Topics to listen to. Each is read to its end: name none that another service
reads, since each message goes to only one of the two.
""",
    ),
    cfg.StrOpt(
        'exchange',
        default='nova',
        help='The exchange nova publishes to: its own control_exchange.',
    ),
    cfg.IntOpt(
        'batch_size',
        default=500,
        min=1,
        max=1000,
        help="""
How many messages are stored by one statement at most. What is there after a
second is stored, however few. Twice as many are fetched ahead, unless
`[oslo_messaging_rabbit] rabbit_qos_prefetch_count` is set.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Notifications', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
