# SPDX-License-Identifier: Apache-2.0
"""Nova's API, which fails where minicloud_faults says so."""

import http
import json

import minicloud_faults
# Before anything else of nova: it chooses the kind of threads.
import nova.wsgi.osapi_compute

from nova.db.main import api as db
from oslo_db import exception as db_exception

_nova = nova.wsgi.osapi_compute.application
_get_context_manager = db.get_context_manager


def get_context_manager(context):
    """As where a cell's database does not answer; nova's own still does."""
    if minicloud_faults.of('cell') is not None:
        raise db_exception.DBConnectionError('minicloud_faults')
    return _get_context_manager(context)


db.get_context_manager = get_context_manager


def application(environ, start_response):
    word = minicloud_faults.named_in(environ['PATH_INFO']) or ''
    if word == 'lost' and environ['REQUEST_METHOD'] != 'GET':
        answer = _nova(environ, lambda *_: None)
        b''.join(answer)
        word = '504'
    if not word.isdigit():
        return _nova(environ, start_response)
    phrase = http.HTTPStatus(int(word)).phrase
    start_response(f'{word} {phrase}', [('Content-Type', 'application/json')])
    fault = {'fault': {'code': int(word), 'message': phrase}}
    return [json.dumps(fault).encode()]
