# SPDX-License-Identifier: Apache-2.0
"""What an operator says of his Horizon; found there by its place."""

import os

DEBUG = False
ALLOWED_HOSTS = ['127.0.0.1']
SECRET_KEY = 'of the tests'
TIME_ZONE = 'UTC'
OPENSTACK_KEYSTONE_URL = os.environ.get('TEST_KEYSTONE', '')
STATIC_ROOT = os.environ.get('TEST_STATIC')
SESSION_ENGINE = 'django.contrib.sessions.backends.signed_cookies'
CACHES = {
    'default': {
        'BACKEND': 'django.core.cache.backends.locmem.LocMemCache',
        # Horizon notes the age of each of its 550 scripts here. In the 300
        # that there is room for the style sheets would not stay, and each
        # page have them made anew, in a second of processor.
        'OPTIONS': {'MAX_ENTRIES': 10_000},
    }
}
# What fails inside a page is to be found in the log of the tests.
LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {'console': {'class': 'logging.StreamHandler'}},
    'loggers': {
        name: {'handlers': ['console'], 'level': 'WARNING'}
        for name in ('django.request', 'horizon', 'openstack_auth')
    },
}
