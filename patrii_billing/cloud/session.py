# SPDX-License-Identifier: Apache-2.0
"""The way into the cloud: one keystone account, clients per thread."""

from collections.abc import Mapping
import os
import threading
from typing import Any
from typing import cast

from keystoneauth1 import adapter
from keystoneauth1 import exceptions as keystone_errors
from keystoneauth1 import loading as ks_loading
from keystoneauth1.loading import session as session_loading
from keystoneauth1 import plugin
from keystoneauth1 import session as ks_session
from novaclient import client as nova_client
from oslo_config import cfg
import requests

from patrii_billing.cloud import answers
from patrii_billing import errors

GROUP = 'nova'

# 2.73 shows the reason of a lock, without which we cannot tell our own;
# 2.85 can keep volumes from being deleted with their server.
MICROVERSION_NEEDED = (2, 73)
MICROVERSION_FOR_VOLUMES = (2, 85)
MICROVERSION_WANTED = (2, 91)

# The API versions spoken with the services we have no client library for.
# None: as the catalogue has it.
_MAJOR = {
    'identity': '3', 'image': '2', 'block-storage': '3', 'rating': None
}  # fmt: skip
# OpenStack 2026.1 has keystoneauth1 5.13, without these options.
_SINCE_5_17 = ('tls_ciphers', 'tls_min_version')


class _Session(ks_session.Session):
    """A session that repeats nothing but reads.

    keystoneauth repeats a POST after a read timeout as willingly as a GET,
    and the first one may have reached nova.
    """

    def request(
        self, url: str, method: str, *args: Any, **kwargs: Any
    ) -> requests.Response:
        if method not in ('GET', 'HEAD'):
            kwargs['connect_retries'] = 0
            kwargs['status_code_retries'] = 0
        return super().request(url, method, *args, **kwargs)


class _SessionLoader(session_loading.Session):
    @property
    def plugin_class(self) -> type[ks_session.Session]:
        return _Session


class Connection:
    """What the parts of this room talk through; safe to share by threads.

    Nothing is sent before the first call.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        auth: plugin.BaseAuthPlugin | None = None,
        **scope: str | None,
    ) -> None:
        """From the options of [nova]; `scope` overrides those of the account.

        :param auth: another account than that of [nova]
        :raises InvalidInput: the account's options are incomplete
        """
        self._conf = conf
        self._auth = auth or account(conf, GROUP, scope)
        self._local = threading.local()

    def scoped(self, project: str) -> 'Connection':
        """The same account with its tokens scoped to another project."""
        return Connection(
            self._conf,
            project_id=project,
            project_name=None,
            project_domain_id=None,
            project_domain_name=None,
        )

    @property
    def nova(self) -> Any:
        """This thread's novaclient, at the microversion agreed on."""
        if not hasattr(self._local, 'nova'):
            self._local.nova = self._build_nova()
        return self._local.nova

    @property
    def microversion(self) -> tuple[int, int]:
        major, minor = self.nova.api_version.get_string().split('.')
        return int(major), int(minor)

    @property
    def region(self) -> str | None:
        """The region asked for; None where the catalogue's first serves."""
        return cast(str | None, self._conf[GROUP].region_name)

    @property
    def access(self) -> Any:
        """What keystone says of our token: user, project, roles."""
        with answers.understood('token'):
            # Every plugin that reads options from a file has it.
            return cast(Any, self._auth).get_access(self._session)

    @property
    def token(self) -> str:
        """A token of the account, not scoped unless the account is."""
        with answers.understood('token'):
            return str(self._session.get_token())

    def request(
        self, service: str, method: str, path: str, **kwargs: Any
    ) -> requests.Response:
        """Call a service other than nova; the answer, whatever its code.

        :param service: identity, image, block-storage or rating
        :raises CloudUnavailable: there was no answer
        """
        with answers.understood(f'{method} {path}'):
            return self._adapter(service).request(
                path, method, raise_exc=False, **kwargs
            )

    def json(
        self, service: str, method: str, path: str, **kwargs: Any
    ) -> dict[str, Any]:
        """Like `request`, but the object in a success; {} if empty.

        :raises CloudRefused: the service said no
        """
        response = self.request(service, method, path, **kwargs)
        return answers.body(response, f'{method} {path}')

    def fetch(self, url: str) -> requests.Response:
        """Read any address, without a token; the answer, whatever its code.

        :raises CloudUnavailable: there was no answer
        """
        with answers.understood(url):
            return self._session.get(url, authenticated=False, raise_exc=False)

    def offers(self, service: str) -> bool:
        """Whether the catalogue has the service."""
        with answers.understood(f'endpoint of {service}'):
            try:
                return bool(self._adapter(service).get_endpoint())
            except keystone_errors.EndpointNotFound:
                return False

    @property
    def _session(self) -> ks_session.Session:
        if not hasattr(self._local, 'session'):
            c = self._conf[GROUP]
            self._local.session = _SessionLoader().load_from_options(
                insecure=c.insecure,
                cacert=c.cafile,
                cert=c.certfile,
                key=c.keyfile,
                timeout=c.timeout,
                split_loggers=c.split_loggers,
                **{name: c[name] for name in _SINCE_5_17 if name in c},
                auth=self._auth,
                user_agent='patrii-billing',
            )
        return cast(ks_session.Session, self._local.session)

    def _adapter(self, service: str | None = None) -> adapter.Adapter:
        """An adapter of [nova]'s region and interfaces; None means nova."""
        elsewhere: dict[str, Any] = {}
        if service is not None:
            elsewhere = {
                'service_type': service,
                'service_name': None,
                'endpoint_override': None,
                'version': _MAJOR[service],
                'min_version': None,
                'max_version': None,
            }
        with answers.understood('[nova]'):
            return ks_loading.load_adapter_from_conf_options(
                self._conf, GROUP, session=self._session, **elsewhere
            )

    def _build_nova(self) -> Any:
        compute = self._adapter()
        with answers.understood('discovery of nova'):
            endpoint = compute.get_endpoint_data()
        version = _agreed(endpoint.max_microversion if endpoint else None)
        return nova_client.Client(
            version,
            session=self._session,
            service_type=compute.service_type,
            service_name=compute.service_name,
            endpoint_type=compute.interface,
            region_name=compute.region_name,
            endpoint_override=compute.endpoint_override,
            connect_retries=compute.connect_retries,
            connect_retry_delay=compute.connect_retry_delay,
            status_code_retries=compute.status_code_retries,
            status_code_retry_delay=compute.status_code_retry_delay,
            retriable_status_codes=compute.retriable_status_codes,
        )


def _agreed(highest: tuple[float, ...] | None) -> str:
    """The microversion to speak, given nova's highest."""
    if highest is None:
        raise errors.CloudUnavailable(
            'nova did not say which microversions it speaks'
        )
    if highest < MICROVERSION_NEEDED:
        raise errors.CloudUnavailable(
            f'nova speaks microversions up to {_text(highest)} only; '
            f'{_text(MICROVERSION_NEEDED)} is needed, without which nobody '
            'can tell whose lock a server carries'
        )
    return _text(min(highest, MICROVERSION_WANTED))


def _text(version: tuple[float, ...]) -> str:
    return '.'.join(str(number) for number in version)


def account(
    conf: cfg.ConfigOpts,
    section: str = GROUP,
    scope: Mapping[str, str | None] | None = None,
) -> plugin.BaseAuthPlugin:
    """The keystone account of a section of the configuration.

    :raises InvalidInput: its options are incomplete
    """
    try:
        # Once more, now that a configuration file may name an auth_section.
        ks_loading.register_auth_conf_options(conf, section)
        auth = ks_loading.load_auth_from_conf_options(
            conf, section, **(scope or {})
        )
    except keystone_errors.AuthPluginException as error:
        raise errors.InvalidInput(str(error), f'[{section}]') from error
    if auth is None:
        raise errors.InvalidInput('is not set', f'[{section}] auth_type')
    return auth


def operator() -> plugin.BaseAuthPlugin | None:
    """Whom the environment's OS_* variables name; None where they do not.

    :raises InvalidInput: they are incomplete
    """
    if not os.environ.get('OS_AUTH_URL'):
        return None
    kind = os.environ.get('OS_AUTH_TYPE') or 'password'
    try:
        loader: Any = ks_loading.get_plugin_loader(kind)
        loaded = loader.load_from_options_getter(
            lambda option: option.argparse_default
        )
        return cast(plugin.BaseAuthPlugin, loaded)
    except keystone_errors.AuthPluginException as error:
        raise errors.InvalidInput(str(error), 'OS_*') from error
