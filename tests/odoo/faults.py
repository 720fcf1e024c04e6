# SPDX-License-Identifier: Apache-2.0
"""What Odoo raises, with the status that its JSON-2 dispatcher gives each."""

from typing import Any


class OdooError(Exception):
    """Answered as Odoo serializes an exception."""

    name = 'builtins.ValueError'
    status = 500

    def body(self) -> dict[str, Any]:
        message = str(self.args[0]) if self.args else ''
        return {
            'name': self.name,
            'message': message,
            'arguments': self.arguments(),
            'context': {},
            'debug': f'Traceback (most recent call last):\n{self.name}\n',
        }

    def arguments(self) -> list[Any]:
        return list(self.args)


class WrongValue(OdooError):
    """A ValueError: a field that is not there, a value no selection has."""


class UserError(OdooError):
    name = 'odoo.exceptions.UserError'
    status = 422


class ValidationError(UserError):
    name = 'odoo.exceptions.ValidationError'


class AccessError(UserError):
    name = 'odoo.exceptions.AccessError'
    status = 403


class MissingError(UserError):
    name = 'odoo.exceptions.MissingError'
    status = 404


class LockError(UserError):
    name = 'odoo.exceptions.LockError'
    status = 409


class _Werkzeug(OdooError):
    """An HTTP exception: its status is among its arguments."""

    def arguments(self) -> list[Any]:
        return [*self.args, self.status]


class Unauthorized(_Werkzeug):
    name = 'werkzeug.exceptions.Unauthorized'
    status = 401


class BadRequest(_Werkzeug):
    name = 'werkzeug.exceptions.BadRequest'
    status = 400


class NotFound(_Werkzeug):
    name = 'werkzeug.exceptions.NotFound'
    status = 404


class Unprocessable(_Werkzeug):
    name = 'werkzeug.exceptions.UnprocessableEntity'
    status = 422
