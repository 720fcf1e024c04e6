# SPDX-License-Identifier: Apache-2.0
"""An installation looked over from end to end: what is there, what is not.

Each step makes what is missing and can be made from here, and says of the
rest what to change where. A step that breaks hides no other.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
import datetime as dt
import functools

from oslo_config import cfg

from patrii_billing.cloud import check
from patrii_billing.cloud import clock
from patrii_billing.cloud import knock
from patrii_billing.cloud import quotas
from patrii_billing.cloud import registry
from patrii_billing.cloud import session
from patrii_billing.domain import finding
from patrii_billing import errors
from patrii_billing.intake import probe
from patrii_billing.policies import base as policies
from patrii_billing.store import migrate
from patrii_billing import wiring

_AUTHTOKEN = 'keystone_authtoken'
# More than NTP leaves between two hosts, and less than would move a period.
_SKEW = dt.timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator asked for.

    :ivar regions: where to register; none means wherever nova is
    :ivar urls: the address of each interface; None leaves one that exists
    :ivar wait: seconds that a notification may take; 0 provokes none
    """

    service_type: str
    service_name: str
    regions: tuple[str, ...]
    urls: Mapping[str, str | None]
    default_url: str
    update: bool
    dry_run: bool
    wait: float


class Site:
    """One installation; its connections are made when first needed."""

    def __init__(self, conf: cfg.ConfigOpts, wanted: Wanted) -> None:
        self.conf = conf
        self.wanted = wanted
        # Whether our account can log in; what asks the cloud waits for it.
        self.is_in = False

    @functools.cached_property
    def registry(self) -> registry.Registry:
        """By the operator's account, or by our own, which is admin, too."""
        return registry.Registry(
            session.Connection(self.conf, session.operator()),
            update=self.wanted.update,
            dry_run=self.wanted.dry_run,
        )

    @functools.cached_property
    def connection(self) -> session.Connection:
        return session.Connection(self.conf)


def _database(site: Site) -> finding.Findings:
    engine = wiring.books(site.conf).engine
    try:
        found, head = migrate.version(engine)
        left = migrate.missing(engine)
        if found is not None and found <= head and not any(
            map(migrate.adds, left)
        ):
            # What is to be taken away waits for `db contract`.
            yield finding.exists(f'database at schema {found}')
            return
        if found is not None and found > head:
            yield finding.note(
                f'the database is at schema {found}, newer than {head} of '
                'this release: an upgrade is under way'
            )
            return
        if not site.wanted.dry_run:
            migrate.expand(engine)
        what = f'database from schema {found or "none"} to {head}'
        yield finding.changed(what, site.wanted.dry_run)
    finally:
        engine.dispose()


def _accounts(site: Site) -> finding.Findings:
    session.account(site.conf)
    yield from site.registry.account(
        registry.account_of(site.conf, session.GROUP, ('admin', 'service'))
    )
    if site.conf.api.auth_strategy == 'noauth':
        yield finding.wrong(
            'the API believes everybody: set [api] auth_strategy = keystone'
        )
        return
    try:
        session.account(site.conf, _AUTHTOKEN)
    except errors.InvalidInput as error:
        yield finding.wrong(
            f'{error}: the API cannot check tokens; set [{_AUTHTOKEN}] '
            f'auth_section = {session.GROUP} in our configuration'
        )
        return
    if site.conf[_AUTHTOKEN].auth_section != session.GROUP:
        yield from site.registry.account(
            registry.account_of(site.conf, _AUTHTOKEN, ('service',))
        )


def _roles(site: Site) -> finding.Findings:
    yield from site.registry.roles(policies.PERSONAS)


def _catalogue(site: Site) -> finding.Findings:
    wanted = site.wanted
    nova = site.conf.nova.service_type
    regions = wanted.regions or tuple(site.registry.regions(nova))
    if not regions:
        yield finding.wrong(
            f'keystone has no endpoint of type {nova}, and so no region to '
            'register in: name it with --region, or set [nova] service_type'
        )
    yield from site.registry.catalogue(
        wanted.service_type, wanted.service_name, regions, wanted.urls,
        wanted.default_url,
    )  # fmt: skip


def _login(site: Site) -> finding.Findings:
    who = 'the account of [nova]'
    try:
        access = site.connection.access
    except errors.CloudError as error:
        if site.wanted.dry_run:
            yield finding.note(f'{who} cannot log in yet: {error}')
            return
        yield finding.wrong(
            f'{who} cannot log in: {error}; set [nova] password, or: '
            'openstack user set --password-prompt NAME'
        )
        return
    site.is_in = True
    yield finding.ok(f'{who} logs in as {access.username}')


def _cloud(site: Site) -> finding.Findings:
    if not site.is_in:
        return
    backend = quotas.Backend(site.conf.nova.quota_backend)
    found = check.check(site.connection, site.conf.nova.member_role, backend)
    for line in found:
        yield finding.wrong(line)
    if not found:
        speaks = '.'.join(map(str, site.connection.microversion))
        yield finding.ok(
            'it is admin in its project; nova speaks microversion '
            f'{speaks}; there are images'
        )


def _quotas(site: Site) -> finding.Findings:
    if not site.is_in:
        return
    if site.wanted.dry_run:
        yield finding.note("nova's quota driver: not tried in a dry run")
        return
    asked = quotas.Backend(site.conf.nova.quota_backend)
    kept = quotas.NovaQuotas(site.connection).driver()
    finds_out = kept is not quotas.Backend.NONE
    if asked is kept or (asked is quotas.Backend.AUTO and finds_out):
        yield finding.ok(f'quotas are kept by {kept}')
        return
    yield finding.wrong(
        f'quotas are kept by {kept} ([quota] driver in nova.conf), and '
        f'[nova] quota_backend is {asked} in our configuration: set it to '
        f'{kept}'
    )


def _clocks(site: Site) -> finding.Findings:
    if not site.is_in:
        return
    fresh = session.Connection(site.conf)
    now = wiring.SystemClock().now
    for service, ahead in clock.differences(fresh, now):
        if ahead is None:
            yield finding.note(f'{service} does not say what time it is')
        elif abs(ahead) > _SKEW:
            yield finding.wrong(
                f'the clock of {service} is {ahead.total_seconds():+.0f} s '
                'from ours: run chronyd or ntpd on both hosts'
            )
        else:
            yield finding.ok(f'the clock of {service} goes with ours')


def _broker(site: Site) -> finding.Findings:
    conf = site.conf
    exchange = conf.listener.exchange
    with probe.opened(conf) as heard:
        if not heard.exchange_exists():
            yield finding.wrong(
                f'the broker has no exchange {exchange}: {_DRIVER}; if nova '
                'has a control_exchange of its own, or another broker for '
                'notifications, set [listener] exchange or '
                '[oslo_messaging_notifications] transport_url to it'
            )
            return
        differs = heard.exchange_differs()
        if differs:
            yield finding.wrong(
                f'the exchange {exchange} is declared otherwise than by us '
                f'({differs}): set [oslo_messaging_rabbit] '
                'amqp_durable_queues, rabbit_quorum_queue and '
                'amqp_auto_delete as in nova.conf'
            )
        for topic in conf.listener.topics:
            yield _listening(topic, heard.listeners(topic))
        if site.is_in and not site.wanted.dry_run and site.wanted.wait:
            yield from _provoked(site, heard)
        else:
            yield finding.note('no notification was provoked')


_DRIVER = (
    'nova sends no notifications there; in nova.conf of all its services '
    'set [oslo_messaging_notifications] driver = messagingv2'
)


def _listening(topic: str, listeners: int | None) -> finding.Finding:
    if listeners:
        return finding.ok(f'{listeners} listen to {topic}')
    return finding.note(
        f'nobody listens to {topic} now: start patrii-billing-engine'
    )


def _provoked(site: Site, heard: probe.Probe) -> finding.Findings:
    """Have nova's API notify of a key pair, and hear where it says so."""
    topics = site.conf.listener.topics
    with heard.ear() as ear, knock.keypair(site.connection) as name:
        reached = ear.topics_of(name, topics[0], site.wanted.wait)
    if reached & set(topics):
        yield finding.ok(
            f"nova's notifications reach {', '.join(reached & set(topics))}"
        )
    elif reached:
        others = ','.join(sorted(reached))
        yield finding.wrong(
            f"nova's notifications go to {others} and not to us: in "
            'nova.conf of all its services set [notifications] '
            'notification_format = both and versioned_notifications_topics '
            f'= versioned_notifications,{topics[0]}'
        )
    else:
        yield finding.wrong(
            f'no notification within {site.wanted.wait:g} s: {_DRIVER}; if '
            'they go to a broker of their own, set '
            '[oslo_messaging_notifications] transport_url as there'
        )


def _mail(site: Site) -> finding.Findings:
    options = site.conf.mail
    if options.driver != 'smtp':
        yield finding.note(f'no mail server: [mail] driver = {options.driver}')
        return
    where = f'{options.smtp_host}:{options.smtp_port}'
    try:
        wiring.mail_server(site.conf).greet()
    except errors.MailError as error:
        yield finding.wrong(
            f'the mail server does not answer: {error}; set [mail] '
            'smtp_host, smtp_port, smtp_tls, smtp_user and smtp_password'
        )
        return
    yield finding.ok(f'the mail server {where} answers')


def _api(site: Site) -> finding.Findings:
    """Whether the API answers where keystone says; it need not run yet."""
    for url in site.registry.addresses(site.wanted.service_type):
        try:
            code = site.registry.fetch(f'{url}/healthcheck').status_code
        except errors.CloudUnavailable:
            yield finding.note(
                f'nothing answers at {url}: start the API there, or name '
                'another with --public-url and --update'
            )
            continue
        if code in (200, 503):
            yield finding.ok(f'the API answers at {url}')
        else:
            yield finding.wrong(
                f'{url}/healthcheck answers {code}, and so is not this API: '
                'name its address with --public-url, --internal-url or '
                '--admin-url, and --update'
            )


Step = Callable[[Site], finding.Findings]
STEPS: tuple[Step, ...] = (
    _database, _accounts, _roles, _catalogue, _login, _cloud, _quotas,
    _clocks, _broker, _mail, _api,
)  # fmt: skip
