# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""${message.capitalize()}."""

from alembic import op
import sqlalchemy as sa

from patrii_billing.store import types

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
phase = ${repr(phase)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
