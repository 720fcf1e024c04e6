# SPDX-License-Identifier: Apache-2.0
"""The gate tries the same examples each time; the nightly run searches."""

import logging
import os

import hypothesis

hypothesis.settings.register_profile('gate', deadline=None, derandomize=True)
hypothesis.settings.register_profile(
    'nightly', deadline=None, max_examples=5000, print_blob=True
)
hypothesis.settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'gate'))

# oslotest has everything logged that is not told to be still, and SQLAlchemy
# would tell every statement and row, and fontTools every table of a font.
for name in ('sqlalchemy', 'stevedore', 'alembic', 'fontTools'):
    logging.getLogger(name).setLevel(logging.WARNING)
