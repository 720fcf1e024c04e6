#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare what constraints.txt names with the known faults of PyPI.

pip-audit says that no fault is known where it could look up none; here that
is a failure.
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main() -> int:
    done = subprocess.run(
        [
            'pip-audit', '--disable-pip', '--no-deps', '--format', 'json',
            '--requirement', ROOT / 'constraints.txt',
        ],
        check=False, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found = json.loads(done.stdout)['dependencies']
    faulty = [one for one in found if one.get('vulns')]
    for one in faulty:
        ids = ', '.join(each['id'] for each in one['vulns'])
        print(f'{one["name"]} {one["version"]}: {ids}')
    unknown = [one['name'] for one in found if 'skip_reason' in one]
    looked_up = len(found) - len(unknown)
    print(f'{looked_up} versions looked up, {len(faulty)} with known faults')
    if unknown:
        print(f'not known there: {", ".join(unknown)}')
    return 1 if faulty or not looked_up else 0


if __name__ == '__main__':
    sys.exit(main())
