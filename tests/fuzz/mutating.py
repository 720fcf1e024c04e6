# SPDX-License-Identifier: Apache-2.0
"""Change an input so that it stays one that is read beyond its first letter.

Bytes that are changed blindly are no JSON almost every time: here values,
names and lines are changed, as well as bytes.
"""

from collections.abc import Callable
from collections.abc import Iterator
import copy
import json
import random
from typing import Any

Mutate = Callable[[bytes, int], bytes]

# What programs stumble over.
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**25, 0.1, 1e308, -0.0, '',
    ' ', '0', '-0', '1e9999', 'NaN', '00', '\x00', '\ud800', '\u2028', 'İ',
    '\u202e', 'a' * 256, 'x' * 5000, '٣', '=1+1', "' or 1=1 --", '{{ 7*7 }}',
    '<b>', '%s', '../..', '0001-01-01T00:00:00', '9999-12-31T23:59:59',
    '2026-02-30', '2026-11-22T12:00:00+23:59', '1970-01-01T00:00:00Z',
    'deleted', [], {}, [[]], [None], {'': None},
)  # fmt: skip
_WORDS = tuple(
    word.encode()
    for word in (
        '"', "'", '[', ']', '{', '}', ':', '- ', ', ', '\n', '\t', '#', '&a ',
        '*a', '<<: ', '!!int ', '!!python/name:os ', '|', '>', '? ', '0x1',
        '1_000', '~', '.inf', '99999999999999999999', '-1', '0', '<', '>',
        '</', '<!DOCTYPE a>', '&#0;', '&#xd800;', ']]>', 'EUR', 'XXX', 'JPY',
        '2026-02-30', '0001-01-01', '9999-12-31T23:59:59Z', '\r\n\r\n', ';',
        'Content-Type: message/rfc822', '=?utf-8?q?=00?=', '--B', '\u2028',
    )
) + (b'\x00', b'\xff', b'\xed\xa0\x80')  # fmt: skip


def json_like(data: bytes, most: int, seed: int, mutate: Mutate) -> bytes:
    """JSON with some of its values or names changed."""
    chance = random.Random(seed)
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return mutate(data, most)
    if chance.random() < 0.1:  # noqa: PLR2004
        return mutate(data, most)
    for _ in range(chance.randint(1, 4)):
        content = _changed(content, chance)
    written = json.dumps(content).encode()
    return written if len(written) <= most else mutate(data, most)


def _changed(content: Any, chance: random.Random) -> Any:
    """The same with one value or name of it changed."""
    content = copy.deepcopy(content)
    places = list(_places(content))
    if not places:
        return copy.deepcopy(chance.choice(ODD))
    holder, key = chance.choice(places)
    match chance.randrange(5):
        case 0:
            del holder[key]
        case 1:
            other, name = chance.choice(places)
            holder[key] = copy.deepcopy(other[name])
        case 2 if isinstance(holder, dict):
            holder[str(chance.choice(ODD))] = holder.pop(key)
        case 3 if isinstance(holder[key], str):
            text = holder[key]
            at = chance.randrange(len(text) + 1)
            holder[key] = text[:at] + str(chance.choice(ODD)) + text[at:]
        case _:
            holder[key] = copy.deepcopy(chance.choice(ODD))
    return content


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Where values stand: what holds one, and its name there."""
    waiting = [content]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, dict | list):
            keys = holder if isinstance(holder, dict) else range(len(holder))
            for key in list(keys):
                yield holder, key
                waiting.append(holder[key])


def by_lines(data: bytes, most: int, seed: int, mutate: Mutate) -> bytes:
    """A text with lines moved, doubled, or spoiled by a word."""
    chance = random.Random(seed)
    if chance.random() < 0.2:  # noqa: PLR2004
        return mutate(data, most)
    lines = data.split(b'\n')
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(chance.randrange(len(lines)), lines[at])
            case _:
                line = lines[at]
                a, b = sorted(
                    chance.randrange(len(line) + 1) for _ in range(2)
                )
                rest = line[a if chance.random() < 0.5 else b :]  # noqa: PLR2004
                lines[at] = line[:a] + chance.choice(_WORDS) + rest
    return b'\n'.join(lines)[:most]
