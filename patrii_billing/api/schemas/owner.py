# SPDX-License-Identifier: Apache-2.0
"""What a thing is called, and whose it is, said alike of every noun."""

from patrii_billing.api.schemas import base

_TEXT: base.Schema = {'type': 'string'}

ID = base.told(base.ID, 'Its number in the books.')
ACCOUNT_ID = base.told(base.ID, 'The account that it belongs to, by its id.')
ACCOUNT_NAME = base.told(_TEXT, 'The name of that account.')
SUBSCRIPTION_ID = base.told(base.ID, 'The subscription, by its id.')
SUBSCRIPTION_NAME = base.told(_TEXT, 'The name of that subscription.')
PROJECT_ID = base.told(base.UUID, 'The project, by its id in keystone.')
PROJECT_NAME = base.told(_TEXT, 'The name of that project.')
SERVER_ID = base.told(_TEXT, 'The server, by its id in nova.')
SERVER_NAME = base.told(_TEXT, 'The name of that server, as nova told it.')
CURRENCY = base.told(
    base.CURRENCY, 'A code of ISO 4217; the amounts beside it are in it.'
)
PARKED_WHY = base.told(
    base.or_null(_TEXT), 'Why it is parked; null where it is not.'
)
