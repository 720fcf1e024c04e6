# SPDX-License-Identifier: Apache-2.0
"""What a simulation tells, for machines or for people."""

from collections.abc import Iterator
import json

from patrii_billing.simulation import run
from patrii_billing.simulation import scenario as scenarios

FORMATS = ('json', 'table')
_HEAD = f'{"when (UTC)":<19} {"what":<8} {"whose":<16} {"which"}'


def told(scenario: scenarios.Scenario, form: str) -> Iterator[str]:
    """One text a line: JSON objects, or a table of 80 columns.

    Raises InvalidInput for an event that makes no sense at its time.
    """
    if form == 'table':
        yield _HEAD
        yield '-' * 79
    for line in run.run(scenario):
        if form == 'json':
            yield json.dumps(line, ensure_ascii=False)
            continue
        whose = line['subscription'] or line['account'] or ''
        which = ' '.join(
            str(part)
            for part in (
                line['name'], line['server'], line['amount'], line['result']
            )
            if part
        )  # fmt: skip
        when = line['at'].replace('T', ' ').removesuffix('Z')
        yield f'{when} {line["kind"]:<8} {whose:<16} {which}'
