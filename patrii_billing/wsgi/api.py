# SPDX-License-Identifier: Apache-2.0
"""For a WSGI server: patrii_billing.wsgi.api:application."""

from patrii_billing.wsgi import serving

application = serving.application()
