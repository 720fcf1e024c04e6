# SPDX-License-Identifier: Apache-2.0
"""What a message of ceilometer's notifier publisher says, sample by sample.

Pure. A sample counts that carries the signature of the operator's secret;
one that cannot be read stops no other of its message.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
from decimal import Decimal
from fractions import Fraction
import hmac
import math
import re
from typing import Any

from patrii_billing.domain import usage
from patrii_billing import errors
from patrii_billing.intake import nova

# The secret ceilometer has unless it is told another: known to everybody.
KNOWN_SECRET = 'change this for valid signing'  # noqa: S105 # nosec
# What a quantity has room for, see store.schema.
_LARGEST = 10**24
# What ceilometer signs of a sample.
_FIELDS = frozenset("""
    counter_name counter_type counter_unit counter_volume message_id
    message_signature monotonic_time project_id project_name publisher_id
    resource_id resource_metadata source timestamp user_id user_name
""".split())
# No field's text may contain one of these, see _check_shape. An honest text
# may well contain `source`, and whatever lies begins after it.
_NAMES = _FIELDS - {'source'}
_INSTANT = re.compile(r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d', re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """How ceilometer's messages are known: their event type, their secret.

    Without a secret nothing is verified.
    """

    event_type: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """The samples of a message, and why some are not among them.

    Each reason names its sample by the place in the message.
    """

    readings: tuple[usage.Reading, ...]
    parked: tuple[str, ...]


def parse(
    message: Mapping[str, Any],
    source: Source,
    earliest: dt.datetime,
    latest: dt.datetime,
) -> Heard | nova.Ignored | nova.Parked:
    """What a message says; never raises, whatever it is given.

    A sample from before `earliest` or after `latest` is parked.
    """
    event_type = message.get('event_type')
    if is_repetition(event_type, source):
        return nova.Ignored(
            'what per_meter_topic repeats of another message'
        )  # fmt: skip
    if event_type != source.event_type:
        return nova.Ignored(f'not {source.event_type!r}')
    samples = message.get('payload')
    if not isinstance(samples, list):
        return nova.Parked('payload: not a list of samples')
    readings, parked = [], []
    for place, sample in enumerate(samples):
        if _is_nobodys(sample):
            continue
        try:
            reading = _reading(sample, source.secret)
            _check_time(reading.sample.at, earliest, latest)
            readings.append(reading)
        except errors.InvalidInput as error:
            parked.append(f'samples[{place}]: {error}')
    return Heard(tuple(readings), tuple(parked))


def is_repetition(event_type: object, source: Source) -> bool:
    """Whether this is a copy that the option per_meter_topic makes."""
    return isinstance(event_type, str) and event_type.startswith(
        f'{source.event_type}.'
    )


def with_meters(
    message: Mapping[str, Any], meters: Collection[str]
) -> tuple[dict[str, Any], int]:
    """The message with the samples of these meters, and how many it lost.

    What cannot be told to be of another meter stays.
    """
    samples = message.get('payload')
    if not isinstance(samples, list):
        return dict(message), 0
    kept = [each for each in samples if _may_be_of(each, meters)]
    return {**message, 'payload': kept}, len(samples) - len(kept)


def signature(sample: Mapping[str, Any], secret: str) -> str:
    """As ceilometer signs: its publisher/utils.py, compute_signature.

    HMAC-SHA256 over each name and the text of its value, in the order of
    the names. Names of nested objects are joined by colons.
    """
    signed = ''.join(
        f'{name}{value}'
        for name, value in _flat(sample)
        if name != 'message_signature'
    )
    content = signed.encode(errors='replace')
    return hmac.digest(secret.encode(), content, 'sha256').hex()


def _flat(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in sorted(content.items()):
        if isinstance(value, Mapping):
            for inner, each in _flat(value):
                yield f'{name}:{inner}', each
        elif isinstance(value, list):
            yield name, _as_signed(value)
        else:
            yield name, value


def _as_signed(value: Any) -> Any:
    """Within lists the text of a text is that of its bytes, b'..'."""
    if isinstance(value, Mapping):
        return {
            _as_signed(name): _as_signed(each)
            for name, each in sorted(value.items())
        }
    if isinstance(value, list):
        return [_as_signed(each) for each in value]
    if isinstance(value, str):
        return value.encode(errors='replace')
    return value


def _may_be_of(sample: object, meters: Collection[str]) -> bool:
    if not isinstance(sample, Mapping):
        return True
    meter = sample.get('counter_name')
    return not isinstance(meter, str) or meter in meters


def _is_nobodys(sample: object) -> bool:
    """Whether it is of the cloud's own, as a host's load is."""
    return isinstance(sample, Mapping) and sample.get('project_id') is None


def _reading(sample: object, secret: str) -> usage.Reading:
    if not isinstance(sample, Mapping):
        raise errors.InvalidInput('not an object', 'sample')
    if secret:
        _verify(sample, secret)
        _check_shape(sample)
    return usage.Reading(
        project=_text(sample, 'project_id', 64),
        resource=_text(sample, 'resource_id', 255),
        server=_server(sample),
        meter=_text(sample, 'counter_name', 200),
        unit=_text(sample, 'counter_unit', 32, empty=True),
        sample=usage.Sample(_at(sample), _type(sample), _volume(sample)),
    )


def _verify(sample: Mapping[str, Any], secret: str) -> None:
    given = sample.get('message_signature')
    if not isinstance(given, str) or not given:
        raise errors.InvalidInput('missing', 'message_signature')
    expected = signature(sample, secret)
    if not hmac.compare_digest(
        expected.encode(), given.encode(errors='replace')
    ):
        raise errors.InvalidInput(
            'does not match: forged, or signed with another telemetry_secret',
            'message_signature',
        )


def _check_shape(sample: Mapping[str, Any]) -> None:
    """Refuse what the signature alone would take for what was signed.

    Names and values are signed without anything between them, and customers
    have a say in the metadata, such as the name of a server. Who has read a
    sample could put all in one field up to where such a name goes on with
    `project_id..`, and the signature would hold.
    """
    for name, value in sample.items():
        if name not in _FIELDS:
            raise errors.InvalidInput('no field of a sample', name[:40])
        if name == 'resource_metadata':
            continue
        text = str(value)
        if isinstance(value, (Mapping, list)) or any(
            other in text for other in _NAMES
        ):
            raise errors.InvalidInput('has other fields in it', name)


def _text(
    sample: Mapping[str, Any], name: str, longest: int, empty: bool = False
) -> str:
    value = sample.get(name)
    if not isinstance(value, str) or not (value or empty):
        raise errors.InvalidInput('missing, or not a text', name)
    if len(value) > longest:
        raise errors.InvalidInput(f'more than {longest} characters', name)
    if not value.isprintable() or value != value.strip():
        raise errors.InvalidInput('has blanks or signs that no name has', name)
    return value


def _server(sample: Mapping[str, Any]) -> str | None:
    """Whose disk or port it is; the pollsters of ceilometer's compute say."""
    metadata = sample.get('resource_metadata')
    if not isinstance(metadata, Mapping) or not metadata.get('instance_id'):
        return None
    return _text(metadata, 'instance_id', 64)


def _at(sample: Mapping[str, Any]) -> dt.datetime:
    """UTC, in which polled samples are told without saying so."""
    text = sample.get('timestamp')
    try:
        if isinstance(text, str) and _INSTANT.match(text):
            at = dt.datetime.fromisoformat(text)
            if at.tzinfo is None:
                return at.replace(tzinfo=dt.UTC)
            return at.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        pass  # said below, in one way for all of them
    raise errors.InvalidInput(
        f'{str(text)[:40]!r} is not a time', 'timestamp'
    )


def _check_time(
    at: dt.datetime, earliest: dt.datetime, latest: dt.datetime
) -> None:
    if at < earliest:
        raise errors.InvalidInput(
            f'{at:%Y-%m-%d %H:%M} UTC is longer ago than samples are kept '
            f'([ceilometer] sample_age)', 'timestamp',
        )  # fmt: skip
    if at > latest:
        raise errors.InvalidInput(
            f'{at:%Y-%m-%d %H:%M} UTC is yet to come', 'timestamp'
        )


def _type(sample: Mapping[str, Any]) -> usage.Type:
    value = sample.get('counter_type')
    try:
        return usage.Type(str(value))
    except ValueError:
        raise errors.InvalidInput(
            f'{str(value)[:40]!r} is not cumulative, gauge or delta',
            'counter_type',
        ) from None


def _volume(sample: Mapping[str, Any]) -> Decimal:
    """The number as it was written, for Python writes no float differently."""
    value = sample.get('counter_volume')
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise errors.InvalidInput('not a number', 'counter_volume')
    if not math.isfinite(value):
        raise errors.InvalidInput('not a finite number', 'counter_volume')
    if value < 0:
        raise errors.InvalidInput('below zero', 'counter_volume')
    if value > _LARGEST:
        raise errors.InvalidInput('too large', 'counter_volume')
    return usage.quantized(Fraction(Decimal(repr(value))))
