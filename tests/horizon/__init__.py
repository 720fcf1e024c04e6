# SPDX-License-Identifier: Apache-2.0
"""Horizon with our dashboard in it; the settings are in local/."""

import pathlib
import shutil

import django
from openstack_dashboard.local import enabled as there

from patrii_billing.horizon import enabled as ours

# The one thing that an operator does; Django reads it when it is set up.
for file in pathlib.Path(ours.__path__[0]).glob('_[0-9]*.py'):
    shutil.copy(file, there.__path__[0])
django.setup()
