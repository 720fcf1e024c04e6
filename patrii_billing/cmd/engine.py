# SPDX-License-Identifier: Apache-2.0
"""patrii-billing-engine: the daemon."""

import sys

from oslo_config import cfg

from patrii_billing.daemon import master
from patrii_billing import errors


def main() -> int:
    try:
        daemon = master.Master(sys.argv[1:])
    except (cfg.Error, errors.InvalidInput) as error:
        print(f'patrii-billing-engine: {error}', file=sys.stderr)
        return 1
    daemon.run()
    return 0
