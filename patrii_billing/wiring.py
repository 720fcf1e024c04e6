# SPDX-License-Identifier: Apache-2.0
"""The one place where everything is built, from the configuration.

Building connects to nothing: what does not answer is met, and waited for,
where it is used. Everything here raises InvalidInput or cfg.Error, which name
section and option, for a configuration that cannot be meant.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from concurrent import futures
import contextlib
import dataclasses
import datetime as dt
import functools
from importlib import metadata
import pathlib
import socket
import threading
from typing import Any

from oslo_config import cfg
import sqlalchemy as sa

from patrii_billing.cloud import check as cloud_check
from patrii_billing.cloud import keeper
from patrii_billing.cloud import projects
from patrii_billing.cloud import quotas
from patrii_billing.cloud import rated
from patrii_billing.cloud import servers
from patrii_billing.cloud import session
from patrii_billing.conf import database as database_conf
from patrii_billing.conf import webhooks as webhooks_conf
from patrii_billing.document import brand as brands
from patrii_billing.document import printer as printers
from patrii_billing.domain import bounds
from patrii_billing.domain import calendar
from patrii_billing.domain import document
from patrii_billing.domain import events as event_law
from patrii_billing.domain import foreign
from patrii_billing.domain import money
from patrii_billing.domain import policy
from patrii_billing.domain import signature
from patrii_billing.domain import span
from patrii_billing.domain import tax
from patrii_billing.domain import windows
from patrii_billing.engine import admitting
from patrii_billing.engine import bounces
from patrii_billing.engine.bridging import reading
from patrii_billing.engine.bridging import telling
from patrii_billing.engine import deliver
from patrii_billing.engine import events
from patrii_billing.engine import imports
from patrii_billing.engine import payment_map
from patrii_billing.engine import ports
from patrii_billing.engine import reconcile
from patrii_billing.engine import retention
from patrii_billing.engine import settings as engine_settings
from patrii_billing.engine import tick
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.hooks import bus
from patrii_billing.hooks import endpoint as endpoints
from patrii_billing.intake import listener as ears
from patrii_billing.intake import processor as reader
from patrii_billing.mail import compose
from patrii_billing.mail import folder
from patrii_billing.mail import gallery as galleries
from patrii_billing.mail import imap
from patrii_billing.mail import looks
from patrii_billing.mail import maildir
from patrii_billing.mail import message
from patrii_billing.mail import off
from patrii_billing.mail import smtp
from patrii_billing.mail import trial
from patrii_billing.mail import voice as speech
from patrii_billing.metrics import exporter as exporters
from patrii_billing.metrics import figures
from patrii_billing.metrics import health as healths
from patrii_billing.store import database
from patrii_billing.store import revision
from patrii_billing import version

# A step of a worker's loop: how much there was to do.
Step = Callable[[], int]

_NO_SPAN = dt.timedelta()
# What the daemon asks itself for its health, unless [healthcheck] says it;
# api-paste.ini says it of the API.
_HEALTH = [
    'patrii_billing_database', 'patrii_billing_silence',
    'patrii_billing_bridge',
]  # fmt: skip
# Whose options are settings of the engine by name.
_SECTIONS = (
    'enforcement', 'engine', 'ceilometer', 'events', 'retention', 'bridge',
)  # fmt: skip
GALLERY = galleries.INDEX
# The drivers of other subscription engines, and what is said instead of one.
ENGINES = 'patrii_billing.subscriptions'
AUTO = 'auto'
INTERNAL = 'internal'


class SystemClock:
    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


def settings(conf: cfg.ConfigOpts) -> engine_settings.Settings:
    """How the engine is to behave, from [ladder] to [engine]."""
    values: dict[str, Any] = {}
    default = engine_settings.Settings()
    for field in dataclasses.fields(default):
        for section in _SECTIONS:
            if field.name in conf[section]:
                value = conf[section][field.name]
                if isinstance(getattr(default, field.name), dt.timedelta):
                    value = elapsed(value, f'[{section}] {field.name}')
                given = tuple(value) if isinstance(value, list) else value
                values[field.name] = given
    for name in ('silence', 'clock_gap'):
        values[name] = values[name] or None
    if conf.bounces.driver != 'none':
        values['unread_after'] = elapsed(
            conf.bounces.unread_after, '[bounces] unread_after'
        )
    values['mail_per_minute'] = conf.mail.per_minute
    dialogue = dt.timedelta(seconds=smtp.ANSWERS * conf.mail.timeout)
    values['mail_lease'] = values['lease'] + dialogue
    read = engine_settings.Settings(
        policy=_policy(conf),
        limits=_limits(conf),
        tax_rounding=conf.billing.tax_rounding,
        **values,
    )
    _check_order(conf, read)
    return read


def elapsed(text: str, option: str) -> dt.timedelta:
    """A span of the configuration as elapsed time."""
    read = span.Span.parse(text, option).elapsed
    if read < _NO_SPAN:
        raise errors.InvalidInput('must not be negative', option)
    return read


def _check_order(conf: cfg.ConfigOpts, read: engine_settings.Settings) -> None:
    if read.lease <= dt.timedelta(seconds=conf.nova.timeout):
        raise errors.InvalidInput(
            'must be longer than [nova] timeout', '[engine] lease'
        )
    if read.sweep_age <= read.sweep_every:
        raise errors.InvalidInput(
            'must be longer than [engine] sweep_every',
            '[enforcement] sweep_age',
        )


def _limits(conf: cfg.ConfigOpts) -> bounds.Limits:
    given = conf.billing
    return bounds.Limits(
        lines=given.max_lines,
        lines_per_day=given.max_lines_per_day,
        times_previous=given.max_growth,
        amount=money.decimal(given.growth_from, '[billing] growth_from'),
        months_past=given.max_months_past,
        months_ahead=given.max_months_ahead,
    )


def new_taxes(conf: cfg.ConfigOpts) -> list[dict[str, Any]]:
    """The taxes of an account that is entered without any."""
    given = conf.billing.taxes
    with _blamed_on('[billing] taxes'):
        return tax.written(
            tax.read(
                [{'name': name, 'rate': rate} for name, rate in given.items()]
            )
        )


def _policy(conf: cfg.ConfigOpts) -> policy.Policy:
    read = policy.Policy()
    for name, value in conf.ladder.items():
        with _blamed_on(f'[ladder] {name}'):
            read = read.reading({name: value})
            read.demand_time()
    return dataclasses.replace(
        read,
        shelve_window=_window(conf, 'shelve'),
        delete_window=_window(conf, 'delete'),
    )


def _window(conf: cfg.ConfigOpts, kind: str) -> windows.Window:
    """When to shelve or to delete; each part read on its own, to blame it."""
    given = {
        'hours': f'{kind}_hours',
        'weekdays': f'{kind}_weekdays',
        'holidays': 'holidays',
    }
    window = {key: conf.enforcement[name] for key, name in given.items()}
    for key, name in given.items():
        with _blamed_on(f'[enforcement] {name}'):
            windows.Window.parse({key: window[key]})
    return windows.Window.parse(window)


@contextlib.contextmanager
def _blamed_on(option: str) -> Iterator[None]:
    try:
        yield
    except errors.InvalidInput as error:
        raise errors.InvalidInput(error.reason, option) from None


def books(conf: cfg.ConfigOpts) -> database.Database:
    return _books(conf, bridges(conf))


def _books(
    conf: cfg.ConfigOpts, found: Mapping[str, ports.Bridge]
) -> database.Database:
    # oslo.db would wait for one that is away without minding a stop.
    options = database_conf.options(conf) | {'max_retries': 0}
    tells = conf.events.notify or bool(conf.webhooks.endpoints or found)
    return database.Database(tells=tells, **options)


def rating(conf: cfg.ConfigOpts, scope: str) -> rated.CloudKitty:
    """The CloudKitty of the catalogue, under the account of [nova]."""
    return rated.CloudKitty(session.Connection(conf), scope)


def cloud(conf: cfg.ConfigOpts) -> ports.Cloud:
    connection = session.Connection(conf)
    return ports.Cloud(
        servers=servers.NovaServers(
            connection, conf.nova.page_size, conf.nova.member_role
        ),
        keeper=keeper.ImageKeeper(connection),
        quotas=quotas.NovaQuotas(
            connection, quotas.Backend(conf.nova.quota_backend)
        ),
        projects=projects.KeystoneProjects(connection),
    )


def complaints(conf: cfg.ConfigOpts) -> list[str]:
    """What of the cloud would keep us from our work; asks it."""
    connection = session.Connection(conf)
    try:
        connection.access  # noqa: B018 - without it nothing else answers
    except errors.CloudError as error:
        return [f'keystone gives no token: {error} (see [nova])']
    backend = quotas.Backend(conf.nova.quota_backend)
    return cloud_check.check(connection, conf.nova.member_role, backend)


def voice(conf: cfg.ConfigOpts) -> speech.Voice:
    brand = _brand(conf)
    trial.check(brand)
    options = conf.mail
    return speech.Voice(
        brand, _mailer(options), tuple(options.operators),
        options.operators_locale,
    )  # fmt: skip


def gallery(conf: cfg.ConfigOpts) -> dict[str, str]:
    """The pages that show all notices, by file; GALLERY is the first.

    Templates that are broken are shown as such.
    """
    return galleries.pages(_brand(conf), SystemClock().now())


def _brand(conf: cfg.ConfigOpts) -> compose.Brand:
    options, seller = conf.mail, conf.document
    return compose.Brand(
        name=options.brand_name,
        domain=options.message_domain,
        pay_url=options.pay_url or '',
        support=options.support,
        support_url=options.support_url or '',
        phone=options.phone or seller.phone,
        address=tuple(options.address or seller.seller_address),
        footer=options.footer or seller.footer,
        logo=options.logo,
        accent=options.accent or _document_accent(conf),
        templates=options.templates,
    )


def _document_accent(conf: cfg.ConfigOpts) -> str:
    accent: str = conf.document.accent
    with _blamed_on('[document] accent'):
        looks.colours(accent)
    return accent


def printer(conf: cfg.ConfigOpts) -> printers.Printer:
    """What writes invoices down."""
    options = conf.document
    name = options.seller_name or conf.mail.brand_name
    seller = document.Party(
        name, tuple(options.seller_address), options.seller_country,
        options.seller_tax_id,
    )  # fmt: skip
    bank = brands.Bank(
        options.bank_holder or name, options.bank_account, options.bank_bic,
        options.bank_name,
    )  # fmt: skip
    brand = brands.Brand(
        seller=seller,
        bank=bank,
        email=options.email or conf.mail.support,
        pay_url=conf.mail.pay_url or '',
        **{
            name: options[name]
            for name in (
                'registration', 'phone', 'note', 'footer', 'logo', 'accent',
                'paper', 'templates', 'untaxed', 'untaxed_why',
            )
        },
    )  # fmt: skip
    brand.logo_url()  # which finds out whether it can be used
    return printers.Printer(brand)


def folder_voice(path: str) -> speech.Voice:
    """Notices written into a folder, for the demo."""
    letterhead = message.Letterhead('Demo Cloud <billing@cloud.example>')
    brand = compose.Brand(
        name='Demo Cloud',
        domain='cloud.example',
        pay_url='https://cloud.example/pay',
        support='support@cloud.example',
    )
    return speech.Voice(
        brand, folder.FolderMailer(path, letterhead), ('ops@cloud.example',)
    )


def _mailer(options: cfg.ConfigOpts.GroupAttr) -> speech.Mailer:
    letterhead = message.Letterhead(
        sender=options.sender,
        reply_to=options.reply_to or options.support,
        envelope_from=options.envelope_from,
    )
    match options.driver:
        case 'none':
            return off.NoMailer()
        case 'folder':
            return folder.FolderMailer(options.folder, letterhead)
    return _smtp(options, letterhead)


def mail_server(conf: cfg.ConfigOpts) -> smtp.SmtpMailer:
    """The mail server itself, to find out whether it answers."""
    return _smtp(conf.mail, message.Letterhead(sender=conf.mail.sender))


def _smtp(
    options: cfg.ConfigOpts.GroupAttr, letterhead: message.Letterhead
) -> smtp.SmtpMailer:
    server = smtp.Server(
        host=options.smtp_host,
        port=options.smtp_port,
        tls=smtp.Tls(options.smtp_tls),
        user=options.smtp_user,
        password=options.smtp_password,
        timeout=options.timeout,
        cafile=options.smtp_cafile,
        insecure=options.smtp_insecure,
    )
    return smtp.SmtpMailer(server, letterhead)


def returns(conf: cfg.ConfigOpts) -> ports.Returns | None:
    """The mailbox that bounces come to, where one is read."""
    options = conf.bounces
    match options.driver:
        case 'maildir':
            return maildir.Maildir(options.maildir, options.max_size)
        case 'imap':
            server = imap.Server(
                host=options.imap_host,
                port=options.imap_port,
                user=options.imap_user,
                password=options.imap_password,
                folder=options.imap_folder,
                tls=smtp.Tls(options.imap_tls),
                timeout=options.timeout,
                cafile=options.imap_cafile,
            )
            return imap.ImapMailbox(server, options.max_size)
    return None


def tools(
    conf: cfg.ConfigOpts, stop: threading.Event | None = None
) -> toolbox.Tools:
    """What the engine works with; rows not begun when told to stop wait."""
    found = bridges(conf)
    db = _books(conf, found)
    return toolbox.Tools(
        db=db,
        cloud=cloud(conf),
        voice=voice(conf),
        clock=SystemClock(),
        settings=settings(conf),
        each=_Pool(conf.engine.act_threads),
        stopping=(stop or threading.Event()).is_set,
        listeners={**listeners(conf), **_engines_told(db, found)},
        bridges=found,
        printer=printer(conf) if conf.mail.attach_invoices else None,
    )


def bridges(conf: cfg.ConfigOpts) -> dict[str, ports.Bridge]:
    """The subscription engine that customers are in, where it is not ours.

    Raises InvalidInput for one that is not there, or for several.
    """
    wanted, where = conf.bridge.driver, '[bridge] driver'
    if wanted == INTERNAL:
        return {}
    found = _installed_engines()
    if wanted != AUTO and wanted not in found:
        known = ', '.join([AUTO, *sorted({INTERNAL, *found})])
        raise errors.InvalidInput(f'is none of {known}', where)
    names = sorted(found) if wanted == AUTO else [wanted]
    built = {name: found[name].load()(conf) for name in names}
    named = {name: each for name, each in built.items() if each is not None}
    if len(named) > 1:
        raise errors.InvalidInput(
            f'must say which: {", ".join(named)} are configured', where
        )
    if wanted != AUTO and not named:
        raise errors.InvalidInput(
            f'has nothing to reach it by, see [{wanted}]', where
        )
    return {
        name: ports.Bridge(
            name, each, frozenset(conf.bridge.ours), _new_account(conf),
            _Trouble(conf),
        )
        for name, each in named.items()
    }  # fmt: skip


@functools.cache
def _installed_engines() -> dict[str, metadata.EntryPoint]:
    """Read once: to find them, the lists of all packages are read."""
    found = metadata.entry_points(group=ENGINES)
    return {point.name: point for point in found}


def described_bridges(conf: cfg.ConfigOpts, found: Iterable[str]) -> str:
    """Which engine customers are in, and how another one would be found."""
    if names := ', '.join(found):
        return f'customers are those of {names}'
    told = 'customers are entered here'
    if conf.bridge.driver == INTERNAL:
        return f'{told}, as [bridge] driver says'
    others = sorted(_installed_engines().keys() - {INTERNAL})
    looked = ', '.join(f'[{name}]' for name in others)
    return f'{told}; of other engines none has a url: {looked}'


def _new_account(conf: cfg.ConfigOpts) -> dict[str, object]:
    given = defaults(conf)
    return {
        'timezone': given.timezone, 'locale': given.locale,
        'taxes': list(given.taxes),
    }  # fmt: skip


class _Trouble:
    """What of the cloud is in the way; asked anew only where something was.

    A cloud that was fine is found out by its calls, as everywhere.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        self._fine = False

    def __call__(self) -> Sequence[str]:
        if self._fine:
            return ()
        found = complaints(self._conf)
        self._fine = not found
        return found


def _engines_told(
    db: database.Database, found: Mapping[str, ports.Bridge]
) -> dict[str, ports.Listener]:
    return {
        f'{name} (engine)': ports.Listener(
            telling.Teller(db, each), telling.WANTS
        )
        for name, each in found.items()
    }


def listeners(conf: cfg.ConfigOpts) -> dict[str, ports.Listener]:
    """Who is told what happens, by name."""
    found = {}
    if conf.events.notify:
        wants = event_law.check(conf.events.notified, '[events] notified')
        found['notifications'] = ports.Listener(_bus(conf), wants)
    for name in conf.webhooks.endpoints:
        section = f'{webhooks_conf.ENDPOINT}:{name}'
        given = conf[section]
        wants = event_law.check(given.events, f'[{section}] events')
        found[name] = ports.Listener(_endpoint(given, section), wants)
        _check_timeout(conf, given, section)
    return found


def _check_timeout(
    conf: cfg.ConfigOpts, given: cfg.ConfigOpts.GroupAttr, section: str
) -> None:
    longest = dt.timedelta(seconds=endpoints.WHOLE * given.timeout)
    if longest >= elapsed(conf.engine.lease, '[engine] lease'):
        raise errors.InvalidInput(
            f'must be less than [engine] lease divided by {endpoints.WHOLE}',
            f'[{section}] timeout',
        )


def _bus(conf: cfg.ConfigOpts) -> bus.BusPublisher:
    return bus.BusPublisher(
        conf, conf.events.topics, conf.events.exchange,
        f'billing.{socket.gethostname()}',
    )  # fmt: skip


def _endpoint(
    given: cfg.ConfigOpts.GroupAttr, section: str
) -> endpoints.HttpPublisher:
    keys = _secrets(given, section)
    with _blamed_on(f'[{section}] url'):
        endpoint = endpoints.Endpoint(
            given.url, keys, given.timeout, given.cafile
        )
        if not endpoint.is_protected and not given.allow_http:
            raise errors.InvalidInput('is not https, and allow_http is off')
    return endpoints.HttpPublisher(endpoint, SystemClock().now)


def _secrets(
    given: cfg.ConfigOpts.GroupAttr,
    section: str,
    scheme: signature.Scheme = signature.Scheme.STANDARD,
) -> tuple[bytes, ...]:
    where = f'[{section}] secrets'
    if not given.secrets:
        raise errors.InvalidInput('has none', where)
    return tuple(
        signature.secret(each, where, scheme) for each in given.secrets
    )


def sources(conf: cfg.ConfigOpts) -> dict[str, admitting.Source]:
    """Who may tell of payments, by name."""
    found = {}
    for name in conf.webhooks.sources:
        section = f'{webhooks_conf.SOURCE}:{name}'
        given = conf[section]
        found[name] = admitting.Source(
            name,
            _secrets(given, section, signature.Scheme(given.signature)),
            _fields(given, section),
            elapsed(conf.webhooks.tolerance, '[webhooks] tolerance'),
            conf.webhooks.max_body,
            signature.Scheme(given.signature),
        )
    return found


def _fields(given: cfg.ConfigOpts.GroupAttr, section: str) -> foreign.Fields:
    read = _map(given, section)
    paths = {
        name: given[name]
        for name in (
            'id', 'type', 'payment', 'movement', 'amount', 'currency', 'why'
        )
        if given[name] is not None
    }  # fmt: skip
    types = {
        each: tells
        for tells in foreign.Tells
        for each in given[tells] or ()
    }  # fmt: skip
    named = {by: given[by] for by in foreign.Names if given[by] is not None}
    read = dataclasses.replace(
        read,
        types={**read.types, **types},
        rules=tuple(each for each in read.rules if each.type not in types),
        whose={**read.whose, **named},
        unit=foreign.Unit(given.unit or read.unit),
        **paths,
    )
    if not (read.types or read.rules) or not read.payment:
        raise errors.InvalidInput(
            'says nothing of types, or not where a payment is named',
            f'[{section}] mapping',
        )
    return read


def _map(given: cfg.ConfigOpts.GroupAttr, section: str) -> foreign.Fields:
    """The map that the options begin with."""
    if given.map_file:
        try:
            text = pathlib.Path(given.map_file).read_bytes()
        except OSError as error:
            where = f'[{section}] map_file'
            raise errors.InvalidInput(str(error), where) from None
        return payment_map.read(text, given.map_file)
    if given.mapping == 'own':
        return foreign.NOTHING
    return payment_map.known(given.mapping)


class _Pool:
    """Runs work over rows in threads, as Tools.each does one by one."""

    def __init__(self, threads: int) -> None:
        self._threads = futures.ThreadPoolExecutor(threads, 'act')

    def __call__(
        self, work: toolbox.Work, rows: Sequence[sa.Row[Any]]
    ) -> None:
        # The list waits for all of them, and raises what one has raised.
        list(self._threads.map(work, rows))


def defaults(conf: cfg.ConfigOpts) -> imports.Defaults:
    """What an account or a plan has that is entered without it."""
    given = conf.billing
    return imports.Defaults(
        given.currency, given.timezone, given.locale, new_taxes(conf)
    )


def interval(conf: cfg.ConfigOpts) -> dt.timedelta:
    """How long a worker without work waits before it looks again."""
    return elapsed(conf.engine.interval, '[engine] interval')


def listener(conf: cfg.ConfigOpts, stop: threading.Event) -> ears.Listener:
    return ears.of_nova(conf, books(conf), SystemClock(), stop)


def meter_listener(
    conf: cfg.ConfigOpts, stop: threading.Event
) -> ears.Listener:
    return ears.of_ceilometer(conf, books(conf), SystemClock(), stop)


def processor(conf: cfg.ConfigOpts, stop: threading.Event) -> Step:
    source = ears.source(conf) if conf.ceilometer.enabled else None
    return reader.Processor(tools(conf, stop), source).run


def engine(conf: cfg.ConfigOpts, stop: threading.Event) -> dict[str, Step]:
    """What an engine does side by side, by its name."""
    built = tools(conf, stop)
    steps: dict[str, Step] = tick.side_by_side(built)
    # Each listener has a thread to himself: one who hangs delays no other.
    for name in built.listeners:
        steps[f'events to {name}'] = functools.partial(
            deliver.run, built, name
        )
    for name in built.bridges:
        steps[f'bridge to {name}'] = functools.partial(
            reading.run, built, name
        )
    if built.listeners or conf.webhooks.sources:
        steps['events'] = lambda: events.run(built, built.now())
    steps['retention'] = retention.Keeper(built).run
    mailbox = returns(conf)
    if mailbox is not None:
        every = elapsed(conf.bounces.every, '[bounces] every')
        steps['bounces'] = bounces.Reader(built, mailbox, every).run
    return steps


def reconciler(conf: cfg.ConfigOpts) -> Step:
    built = tools(conf)
    return lambda: reconcile.run(built, built.now())


def exporter(conf: cfg.ConfigOpts) -> exporters.Exporter:
    """What tells monitors how the whole installation fares."""
    found, read, clock = bridges(conf), settings(conf), SystemClock()
    zone = calendar.zone(conf.billing.timezone, '[billing] timezone')
    db, named = _books(conf, found), tuple(found)
    collector = exporters.Collector(
        lambda: db.read(figures.read, read, clock.now(), zone, named),
        version.version_string(),
        _max_age(conf),
    )
    # What no other worker needs is loaded here alone.
    from oslo_middleware import healthcheck

    conf.set_default('backends', _HEALTH, group='healthcheck')
    return exporters.Exporter(
        collector, conf.metrics.listen, conf.metrics.port,
        {'/healthcheck': healthcheck.Healthcheck(None, conf)},
    )  # fmt: skip


def health(conf: cfg.ConfigOpts, what: str) -> healths.Question:
    """Says what is wrong with the `database`, of `silence`, or a `bridge`."""
    found = bridges(conf)
    looks: dict[str, healths.Look] = {
        'database': healths.books,
        'silence': healths.silence,
        'bridge': functools.partial(healths.bridges, names=tuple(found)),
    }
    look, read, clock = looks[what], settings(conf), SystemClock()
    return healths.Question(
        lambda conn: look(conn, read, clock.now()), _books(conf, found).engine
    )


def _max_age(conf: cfg.ConfigOpts) -> float:
    return elapsed(conf.metrics.max_age, '[metrics] max_age').total_seconds()


def check(conf: cfg.ConfigOpts) -> None:
    """Build what the daemon needs, to find out what cannot be meant."""
    calendar.zone(conf.billing.timezone, '[billing] timezone')
    money.digits(conf.billing.currency, '[billing] currency')
    new_taxes(conf)
    interval(conf)
    tools(conf)
    sources(conf)
    returns(conf)
    elapsed(conf.bounces.every, '[bounces] every')
    printer(conf)
    _max_age(conf)
    _check_driver(conf)
    ears.check(conf)


def _check_driver(conf: cfg.ConfigOpts) -> None:
    """A driver that is not installed will not be tomorrow either."""
    url = sa.make_url(conf.database.connection)
    try:
        url.get_dialect().import_dbapi()
    except (ImportError, sa.exc.NoSuchModuleError) as error:
        raise errors.InvalidInput(
            str(error), '[database] connection'
        ) from None


def check_schema(conf: cfg.ConfigOpts) -> None:
    """Raises SchemaTooOld for a database this release cannot work with.

    A newer one is of an upgrade under way, and serves this release as well.
    """
    engine = books(conf).engine
    try:
        found = revision.found(engine)
    finally:
        engine.dispose()
    if found is None or found < revision.NEEDED:
        raise errors.SchemaTooOld(found, revision.NEEDED)


def described(conf: cfg.ConfigOpts) -> str:
    """What an operator should see first in the log, without passwords."""
    mode = 'dry run' if conf.enforcement.dry_run else 'ENFORCING'
    books_at = sa.make_url(conf.database.connection).set(query={})
    return (
        f'Mode {mode}; database {books_at.render_as_string()}; '
        f'listening to {ears.described(conf)}; '
        f'{described_bridges(conf, bridges(conf))}'
    )
