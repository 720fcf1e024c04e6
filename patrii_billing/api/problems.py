# SPDX-License-Identifier: Apache-2.0
"""What went wrong, as API-SIG writes it: a list of errors, each with a code.

A code is `billing.<noun>.<what>` and stays; the words may change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import http
from typing import Any

from oslo_db import exception as db_errors
from oslo_log import log as logging

from patrii_billing import errors

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake; `path` names the field, of the body or the query."""

    status: int
    what: str
    detail: str
    path: str = ''


class Refused(Exception):  # noqa: N818 - a refusal, told as it is
    """A request that the door itself does not let in."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].detail)
        self.problems = problems


# The first that fits tells the status and the code.
_KINDS: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.NotFound, 404, 'not_found'),
    (errors.Unauthentic, 401, 'unauthentic'),
    (errors.TooLarge, 413, 'too_large'),
    (errors.InvalidInput, 400, 'invalid'),
    (errors.CurrencyMismatch, 400, 'invalid'),
    (errors.StaleWrite, 409, 'changed_meanwhile'),
    (errors.CloudUnavailable, 503, 'cloud_unavailable'),
    (errors.CloudRefused, 409, 'cloud_refused'),
    (errors.ExtraMissing, 501, 'not_installed'),
    (errors.MailNotWritten, 409, 'template_broken'),
    (errors.DocumentNotWritten, 409, 'template_broken'),
    (errors.SchemaTooOld, 503, 'schema_too_old'),
    (errors.BillingError, 409, 'conflict'),
    (db_errors.DBDeadlock, 503, 'try_again'),
    (db_errors.DBConnectionError, 503, 'database_unavailable'),
)


def of(error: Exception) -> Sequence[Problem]:
    """What to answer; an error of this service tells nothing of itself."""
    if isinstance(error, Refused):
        return error.problems
    if isinstance(error, errors.InvalidDocument):
        return [
            Problem(400, 'invalid', each.reason, each.where)
            for each in error.mistakes
        ]
    for kind, status, what in _KINDS:
        if isinstance(error, kind):
            if isinstance(error, errors.InvalidInput):
                return [Problem(status, what, error.reason, error.where)]
            if isinstance(error, db_errors.DBError):
                LOG.error('the database: %s', error)
                return [Problem(status, what, 'the books cannot be reached')]
            return [Problem(status, what, str(error))]
    LOG.error('a request failed', exc_info=error)
    return [Problem(500, 'failed', 'an error of this service, see its log')]


def body(
    problems: Sequence[Problem], noun: str, request_id: str
) -> dict[str, Any]:
    return {
        'errors': [
            {
                'request_id': request_id,
                'code': f'billing.{noun}.{each.what}',
                'status': each.status,
                'title': http.HTTPStatus(each.status).phrase,
                'detail': each.detail,
                **({'path': each.path} if each.path else {}),
            }
            for each in problems
        ]
    }
