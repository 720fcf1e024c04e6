# SPDX-License-Identifier: Apache-2.0
"""Where metered usage is heard, and whose samples are believed."""

from oslo_config import cfg

GROUP = 'ceilometer'

_HELP = """
Where ceilometer's samples are heard, for plans with prices of meters. The
broker is the one that nova's notifications come from.

Ceilometer sends us nothing by itself. On its notification agents set in
ceilometer.conf `[publisher] telemetry_secret` to a secret of your own, the
same as `secret` here, and add a publisher to the sink in pipeline.yaml:
`notifier://?topic=patrii_metering`, beside the `gnocchi://` that is there.
Give it only the meters that plans have prices of, in a source of its own,
where the others are many; they are dropped here, but the broker carries
them.

Everybody who may write to the broker could otherwise bill your customers:
samples without a valid signature are kept and shown, and count nothing
(`patrii-billing-manage inbox parked`).
"""

_EARS = (
    cfg.BoolOpt(
        'enabled',
        default=False,
        help="""
Whether metered usage is heard and read at all. Set it alike on all hosts.
""",
    ),
    cfg.IntOpt(
        'workers',
        default=1,
        min=0,
        help="""
Processes that listen for samples, here on this host; 0 listens not at all
here. They are read by `[engine] processor_workers`, after what nova says.
""",
    ),
    cfg.StrOpt(
        'topic',
        default='patrii_metering',
        help="""
The topic named in ceilometer's pipeline.yaml. It is read to its end: never
name one that another service reads, such as `notifications`, ceilometer's
own.
""",
    ),
    cfg.StrOpt(
        'exchange',
        default='ceilometer',
        help="""
The exchange ceilometer publishes to: its own control_exchange.
""",
    ),
    cfg.StrOpt(
        'event_type',
        default='metering',
        help="""
What ceilometer calls its messages: its `[publisher_notifier]
metering_topic`. What it repeats with `per_meter_topic` is left out.
""",
    ),
    cfg.IntOpt(
        'batch_size',
        default=20,
        min=1,
        max=200,
        help="""
How many messages, of some fifty samples each, are stored by one statement at
most. Twice as many are fetched ahead.
""",
    ),
)

_TRUST = (
    cfg.StrOpt(
        'secret',
        secret=True,
        help="""
Ceilometer's `[publisher] telemetry_secret`. The one it has unless it is told
another is known to everybody, so the daemon does not start with it.
""",
    ),
    cfg.BoolOpt(
        'allow_forgery',
        default=False,
        help="""
Whether to start without a secret, or with the one everybody knows: whoever
may write to the broker can then put any usage on any customer's bill.
""",
    ),
)

_COUNTING = (
    cfg.StrOpt(
        'sample_age',
        default='14d',
        help="""
How late a sample may come, and how long samples are kept (two days longer).
An older one is kept in the inbox and shown. Longer takes room: a server with
two meters sends some 600 samples a day.
""",
    ),
    cfg.StrOpt(
        'gauge_gap',
        default='10m',
        help="""
How long a gauge (a size, such as a volume's) holds at most when no further
sample comes: two polling intervals of ceilometer. Beyond that nothing is
known, and nothing is billed.
""",
    ),
    cfg.StrOpt(
        'add_up_after',
        default='1h',
        help="""
How long after a sample its day's usage is added up, once for all that came
until then. Shorter shows usage earlier and reads a day's samples more often.
""",
    ),
)

_OPTIONS = (*_EARS, *_TRUST, *_COUNTING)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Metered usage', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
