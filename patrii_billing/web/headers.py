# SPDX-License-Identifier: Apache-2.0
"""What a browser is told it may do with our pages: little."""

import flask

_POLICY = '; '.join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
# A mail brings its own styles and pictures; nothing of it may run or load.
_OF_MAILS = '; '.join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        'img-src data:',
        "frame-ancestors 'self'",
        'sandbox',
    )
)


def protect(response: flask.Response) -> flask.Response:
    """Add them to each answer, before all caches."""
    headers = response.headers
    headers.setdefault('Content-Security-Policy', _POLICY)
    headers['X-Content-Type-Options'] = 'nosniff'
    headers['Referrer-Policy'] = 'same-origin'
    headers['Cross-Origin-Opener-Policy'] = 'same-origin'
    if flask.request.endpoint != 'static':
        headers['Cache-Control'] = 'no-store'
    return response


def as_mail(response: flask.Response) -> flask.Response:
    """For the page of a mail, that is shown in a frame of ours."""
    response.headers['Content-Security-Policy'] = _OF_MAILS
    return response
