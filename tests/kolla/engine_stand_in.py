# SPDX-License-Identifier: Apache-2.0
"""Stands in for kolla's modules that need a container engine.

Ansible prefers a plugin of a module's name to the module. What it is asked
for is written down, a line of JSON each; our containers and haproxy's
always differ from what runs, so that they are restarted.
"""

import json
import os
from typing import Any

from ansible.plugins import action

FILE = 'KOLLA_ASKED'
DIFFER = ('haproxy', 'patrii_billing_api', 'patrii_billing_engine')


class ActionModule(action.ActionBase):
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        asked = dict(self._task.args)
        asked['module'] = self._task.action
        with open(os.environ[FILE], 'a') as file:
            file.write(json.dumps(asked, default=str) + '\n')
        differs = (
            asked.get('action') == 'compare_container'
            and asked['name'] in DIFFER
        )
        return {'changed': differs, 'result': differs, 'containers': {}}
