# SPDX-License-Identifier: Apache-2.0
"""The Flask application: each route of the table, in the frame of all."""

from collections.abc import Callable
from collections.abc import Sequence
import http
import json
from typing import Any

import flask
from werkzeug import exceptions as http_errors

from patrii_billing.api import frame
from patrii_billing.api import problems
from patrii_billing.api import route as routes
from patrii_billing.api import routes as table
from patrii_billing.api import versions

_JSON = 'application/json'
# What is wrong before a route is found, in the words of the codes.
_WHATS = {404: 'not_found', 405: 'method_not_allowed', 413: 'too_large'}
_DETAILS = {
    404: 'nothing is at this address',
    405: 'this cannot be done here',
    413: 'the request is longer than [api] max_body_size',
}


def build(
    door: routes.Door, of: Sequence[routes.Route] = table.ALL
) -> flask.Flask:
    """An application that answers by a table of routes."""
    app = flask.Flask('patrii_billing.api', static_folder=None)
    # Of a body in chunks no more is read than this: one byte too much tells
    # what is too long from what just fits.
    app.config['MAX_CONTENT_LENGTH'] = door.max_body_size + 1
    # Nothing is at an address with a slash too much: no redirect to follow.
    app.url_map.merge_slashes = False
    for route in of:
        app.add_url_rule(
            routes.PLACE.sub(r'<\1>', route.path),
            endpoint=f'{route.method} {route.path}',
            view_func=_view(door, route),
            methods=[route.method],
            strict_slashes=False,
            provide_automatic_options=False,
        )
    app.register_error_handler(http_errors.HTTPException, _refused)
    app.after_request(_sign)
    return app


def _view(
    door: routes.Door, route: routes.Route
) -> Callable[..., flask.Response]:
    def view(**path: str) -> flask.Response:
        request = flask.request
        try:
            headers = dict(request.headers)
            versions.check(headers)
            found = frame.perform(
                door,
                route,
                request.environ,
                headers=headers,
                url=request.url,
                path=path,
                query=request.environ.get('QUERY_STRING', ''),
                raw=_body(door),
            )
            return _answer(route, found)
        except http_errors.HTTPException:
            raise
        except Exception as error:
            return _problem(problems.of(error), route.noun)

    return view


def _body(door: routes.Door) -> bytes:
    raw = flask.request.get_data()
    if len(raw) > door.max_body_size:
        raise http_errors.RequestEntityTooLarge
    return raw


def _answer(route: routes.Route, found: routes.Answer) -> flask.Response:
    status = found.status or route.status
    if isinstance(found.body, bytes):
        response = flask.Response(
            found.body, status, content_type=route.media_type
        )
    elif status == http.HTTPStatus.NO_CONTENT:
        response = flask.Response(status=status)
    else:
        response = flask.Response(
            json.dumps(found.body), status, content_type=_JSON
        )
    response.headers.update(found.headers)
    return response


def _problem(
    told: Sequence[problems.Problem], noun: str
) -> flask.Response:
    body = problems.body(
        told, noun, frame.request_id(flask.request.environ)
    )
    response = flask.Response(
        json.dumps(body), told[0].status, content_type=_JSON
    )
    if told[0].status == http.HTTPStatus.UNAUTHORIZED:
        response.headers['WWW-Authenticate'] = 'Keystone'
    if told[0].status == http.HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers['Retry-After'] = '5'
    return response


def _refused(error: http_errors.HTTPException) -> flask.Response:
    """What Flask itself does not let in."""
    status = error.code or 500
    what = _WHATS.get(status, 'refused')
    detail = _DETAILS.get(status) or http.HTTPStatus(status).phrase
    response = _problem([problems.Problem(status, what, detail)], 'request')
    if isinstance(error, http_errors.MethodNotAllowed):
        response.headers['Allow'] = ', '.join(
            sorted(error.valid_methods or ())
        )
    return response


def _sign(response: flask.Response) -> flask.Response:
    """Say which version this is, and that nothing may be kept."""
    response.headers[versions.HEADER] = (
        f'{versions.SERVICE_TYPE} {versions.VERSION}'
    )
    response.headers.add('Vary', versions.HEADER)
    response.headers['Cache-Control'] = 'no-store'
    response.headers['X-Content-Type-Options'] = 'nosniff'
    return response


def noauth(application: Any) -> Callable[..., Any]:
    """Believe a token NAME:PROJECT:ROLE,ROLE; for tests and the demo."""

    def believing(environ: dict[str, Any], start_response: Any) -> Any:
        for name in [n for n in environ if n.startswith('HTTP_X_IDENTITY')]:
            del environ[name]
        token = environ.get('HTTP_X_AUTH_TOKEN', '')
        name, _, rest = token.partition(':')
        project, _, roles = rest.partition(':')
        if name and roles:
            environ |= {
                'HTTP_X_IDENTITY_STATUS': 'Confirmed',
                'HTTP_X_USER_ID': name,
                'HTTP_X_USER_NAME': name,
                'HTTP_X_PROJECT_ID': project,
                'HTTP_X_ROLES': roles,
            }
        return application(environ, start_response)

    return believing
