# SPDX-License-Identifier: Apache-2.0
"""The API of billing, as the user of a request may use it."""

from collections.abc import Iterator
import contextlib
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from horizon import messages
from keystoneauth1 import adapter
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
from openstack_dashboard.api import base

from patrii_billing import client

# What a page must live with: it says so, and is shown all the same.
FAILURES = (
    client.Refused, client.Unreachable, exceptions.ServiceCatalogException
)  # fmt: skip
_PATIENCE = 60  # seconds
_UNAUTHORIZED = 401


def of(request: Any) -> client.Client:
    """Raises ServiceCatalogException where the cloud has no billing."""
    kind = getattr(settings, 'BILLING_SERVICE_TYPE', client.SERVICE_TYPE)
    url = base.url_for(request, kind)
    auth = token_endpoint.Token(url, request.user.token.id)
    insecure = settings.OPENSTACK_SSL_NO_VERIFY
    verify = not insecure and (settings.OPENSTACK_SSL_CACERT or True)
    way = session.Session(auth, verify=verify, timeout=_PATIENCE)
    return client.Client(adapter.Adapter(way, service_type=kind))


def words(error: Exception) -> str:
    """What went wrong, for who looks at the page.

    Raises NotAuthenticated where it is that he has to log in again.
    """
    if isinstance(error, client.Refused):
        if error.status == _UNAUTHORIZED:
            raise exceptions.NotAuthenticated() from error
        return str(error)
    if isinstance(error, exceptions.ServiceCatalogException):
        return str(_('This cloud has no billing service in its catalogue.'))
    return str(_('The billing service does not answer.'))


@contextlib.contextmanager
def told(request: Any) -> Iterator[None]:
    """A failure inside becomes a message on the page."""
    try:
        yield
    except FAILURES as error:
        messages.error(request, words(error))
