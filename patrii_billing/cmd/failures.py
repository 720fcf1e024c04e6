# SPDX-License-Identifier: Apache-2.0
"""What went wrong, in one line for the person at the terminal."""

from oslo_config import cfg
from oslo_db import exception as db
import sqlalchemy as sa

from patrii_billing import errors


def told(error: Exception) -> list[str]:
    """The lines to say; one, but for a document with several mistakes."""
    match error:
        case errors.InvalidDocument():
            return str(error).splitlines()
        case errors.BillingError() | cfg.Error():
            return [_one_line(error)]
        case OSError():
            return [f'{error.filename or "input"}: {error.strerror or error}']
        case db.DBNonExistentTable():
            return [f'{_reason(error)}: patrii-billing-manage db upgrade?']
        case (
            db.DBConnectionError()
            | db.DBNonExistentDatabase()
            | sa.exc.OperationalError()
            | sa.exc.NoSuchModuleError()
            | ModuleNotFoundError()  # the driver that the URL names
        ):
            return [f'[database] connection: {_reason(error)}']
        case db.DBError() | sa.exc.SQLAlchemyError():
            return [f'the database refused: {_reason(error)}']
    return [
        f'this is a fault of the program: {type(error).__name__}: '
        f'{_one_line(error)} (--debug shows where)'
    ]


def _reason(error: Exception) -> str:
    """The driver's own words, without the statement and its values."""
    inner = getattr(error, 'inner_exception', None) or error
    inner = getattr(inner, 'orig', None) or inner
    match getattr(inner, 'args', ()):
        case (int(), str(words)):  # MySQL's, with its number
            return ' '.join(words.split())
    return _one_line(inner)


def _one_line(error: BaseException) -> str:
    return ' '.join(str(error).split()) or type(error).__name__
