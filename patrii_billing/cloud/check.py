# SPDX-License-Identifier: Apache-2.0
"""What of this cloud would keep us from doing our work, a line each."""

from collections.abc import Iterator

from patrii_billing.cloud import limits
from patrii_billing.cloud import membership
from patrii_billing.cloud import quotas
from patrii_billing.cloud import session
from patrii_billing import errors


def check(
    connection: session.Connection,
    member_role: str = 'member',
    backend: quotas.Backend = quotas.Backend.AUTO,
) -> list[str]:
    """Ask the cloud; changes nothing. Empty where all is well."""
    wrong: list[str] = []
    questions = [_account, _nova, _images]
    if backend is not quotas.Backend.NONE:
        questions.append(_quotas)
    for question in questions:
        try:
            wrong += question(connection)
        except errors.CloudError as error:
            wrong.append(str(error))
    try:
        membership.role_id(connection, member_role)
    except errors.CloudError as error:
        wrong.append(f"owners' locks cannot be put back: {error}")
    return wrong


def _account(connection: session.Connection) -> Iterator[str]:
    access = connection.access
    if not access.project_id:
        yield 'the account has no project of its own; nova asks for one'
    elif 'admin' not in access.role_names:
        yield (
            f'the account {access.username} lacks the role admin in its '
            f'project {access.project_name}: nova will refuse every move'
        )
    if access.application_credential_id:
        yield (
            'an application credential cannot put back the lock an owner had '
            'set on his server; use auth_type = password'
        )


def _nova(connection: session.Connection) -> Iterator[str]:
    if connection.microversion < session.MICROVERSION_FOR_VOLUMES:
        yield (
            'nova is older than microversion 2.85: volumes that are to be '
            'deleted with their server cannot be kept'
        )


def _images(connection: session.Connection) -> Iterator[str]:
    if not connection.offers('image'):
        yield 'no image service in the catalogue: no snapshot can be kept'


def _quotas(connection: session.Connection) -> Iterator[str]:
    registered = limits.Limits(connection).registered()
    missing = sorted(set(limits.NEEDED) - set(registered))
    if registered and missing:
        yield (
            'keystone holds limits for nova but lacks the registered limit '
            f'{", ".join(missing)}: quotas cannot be set'
        )
    if quotas.NovaQuotas(connection).unlimited_by_default():
        yield (
            'nova shows every default quota as unlimited: if its driver is '
            'NoopQuotaDriver, set [nova] quota_backend to none; freezing and '
            'changing quotas has no effect'
        )
