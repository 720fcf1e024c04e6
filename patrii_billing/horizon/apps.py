# SPDX-License-Identifier: Apache-2.0
"""What Django knows of us; the policy is made known to Horizon here.

Where Horizon knows no policy of a service it allows everything, so nobody is
to forget this.
"""

import pathlib

from django import apps
from django.conf import settings

from patrii_billing import client

_RULES = pathlib.Path(__file__).parent / 'policy' / 'billing.yaml'


class BillingConfig(apps.AppConfig):
    name = 'patrii_billing.horizon'
    # Its last name is already Horizon's own.
    label = 'patrii_billing_horizon'

    def ready(self) -> None:
        """What an operator has set of it stays."""
        service = client.SERVICE_TYPE
        settings.DEFAULT_POLICY_FILES.setdefault(service, str(_RULES))
        settings.POLICY_FILES.setdefault(service, 'billing_policy.yaml')
