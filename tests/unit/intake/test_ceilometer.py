# SPDX-License-Identifier: Apache-2.0
"""Samples count that ceilometer signed; the others say why they do not."""

import datetime as dt
from decimal import Decimal
import json
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import usage
from patrii_billing.intake import ceilometer
from patrii_billing.intake import nova
from tests.unit.intake import metering

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
EARLIEST = NOON - dt.timedelta(days=14)
LATEST = NOON + dt.timedelta(minutes=15)


def parse(message: dict[str, Any], source: Any = metering.SOURCE) -> Any:
    return ceilometer.parse(message, source, EARLIEST, LATEST)


def parse_one(**values: Any) -> Any:
    """A sample with changes to it, signed after them."""
    return parse(metering.message(metering.sample(NOON, **values)))


class RecordedTest(base.BaseTestCase):
    """What ceilometer itself has made and signed."""

    def test_all_of_it_is_believed(self) -> None:
        heard = parse(metering.recorded())

        self.assertEqual((), heard.parked)
        self.assertEqual(6, len(heard.readings))

    def test_a_polled_sample_is_read_whole(self) -> None:
        heard = parse(metering.recorded())

        self.assertEqual(
            usage.Reading(
                metering.PROJECT,
                metering.SERVER,
                metering.SERVER,
                'cpu',
                'ns',
                usage.Sample(
                    dt.datetime(2026, 1, 1, 10, 5, 0, 123456, dt.UTC),
                    usage.Type.CUMULATIVE,
                    Decimal(123456789012),
                ),
            ),
            heard.readings[0],
        )

    def test_what_it_makes_of_a_notification_has_its_offset(self) -> None:
        reading = parse(metering.recorded()).readings[3]

        self.assertEqual('volume.size', reading.meter)
        self.assertIsNone(reading.server)
        self.assertEqual(
            dt.datetime(2026, 1, 1, 10, 5, 1, tzinfo=dt.UTC),
            reading.sample.at,
        )

    def test_a_port_is_known_to_be_its_servers(self) -> None:
        reading = parse(metering.recorded()).readings[1]

        self.assertNotEqual(metering.SERVER, reading.resource)
        self.assertEqual(metering.SERVER, reading.server)

    def test_numbers_are_what_ceilometer_wrote(self) -> None:
        volumes = [
            each.sample.volume for each in parse(metering.recorded()).readings
        ]

        self.assertEqual(
            [Decimal('0.00001'), Decimal(20), Decimal(1234567890123456800)],
            volumes[2:5],
        )

    def test_the_same_content_made_anew_has_the_same_key(self) -> None:
        first = metering.recorded()
        again = metering.recorded()
        for sample in again['payload']:
            sample['message_id'] = 'another'
            sample.update(metering.signed(sample))

        self.assertEqual(
            [each.key for each in parse(first).readings],
            [each.key for each in parse(again).readings],
        )


class ForgedTest(base.BaseTestCase):
    def parked(self, **change: Any) -> str:
        """Why the first sample of three does not count after a change."""
        message = metering.recorded()
        message['payload'] = message['payload'][:3]
        message['payload'][0].update(change)
        heard = parse(message)
        self.assertEqual(2, len(heard.readings))
        (why,) = heard.parked
        return str(why)

    def test_whatever_is_changed_is_found_and_stops_no_other(self) -> None:
        for change in (
            {'counter_volume': 1},
            {'project_id': 'another'},
            {'timestamp': '2026-01-01T10:00:00'},
            {'resource_metadata': {}},
            {'new': 'field'},
        ):
            why = self.parked(**change)

            self.assertIn('samples[0]: message_signature', why)

    def test_a_missing_signature_is_named(self) -> None:
        for nothing in (None, '', 7):
            self.assertIn(
                'missing', self.parked(message_signature=nothing)
            )

    def test_a_signature_of_any_signs_is_just_wrong(self) -> None:
        self.assertIn('does not match', self.parked(message_signature='ü'))

    def test_the_secret_everybody_knows_is_not_ours(self) -> None:
        known = metering.sample(NOON)
        known['message_signature'] = ceilometer.signature(
            known, ceilometer.KNOWN_SECRET
        )

        heard = parse(metering.message(known))

        self.assertEqual((), heard.readings)
        self.assertIn('another telemetry_secret', heard.parked[0])

    def test_where_no_secret_is_set_nothing_is_verified(self) -> None:
        sample = metering.sample(NOON)
        sample['message_signature'] = ''
        source = ceilometer.Source('metering', '')

        self.assertEqual(
            1, len(parse(metering.message(sample), source).readings)
        )

    def test_a_customer_cannot_hide_fields_in_the_name_of_a_server(
        self,
    ) -> None:
        honest = metering.sample(
            NOON,
            message_id='m',
            resource_metadata={
                'name': 'counter_volume999message_idnproject_idvictim'
                'resource_idhis'
            },
        )
        forged = {
            name: honest[name]
            for name in (
                'counter_name', 'counter_type', 'message_signature', 'source',
                'timestamp', 'user_id',
            )
        } | {
            'counter_unit': 'Bcounter_volume1message_idmmonotonic_timeNone'
            'project_idacme-prodresource_idwebresource_metadata:name',
            'counter_volume': 999,
            'message_id': 'n',
            'project_id': 'victim',
            'resource_id': 'his',
        }  # fmt: skip
        self.assertEqual(
            honest['message_signature'],
            ceilometer.signature(forged, metering.SOURCE.secret),
        )

        heard = parse(metering.message(honest, forged))

        self.assertEqual(
            ['acme-prod'], [each.project for each in heard.readings]
        )
        self.assertIn('counter_unit: has other fields', heard.parked[0])

    def test_nor_in_a_field_of_his_own(self) -> None:
        for change, blamed in (
            ({'zzz': 1}, 'zzz: no field'),
            ({'user_name': {'a': 1}}, 'user_name: has other fields'),
            ({'user_name': 'timestamp2026'}, 'user_name: has other fields'),
        ):
            heard = parse_one(**change)

            self.assertEqual((), heard.readings)
            self.assertIn(blamed, heard.parked[0])


class UnreadableTest(base.BaseTestCase):
    def test_each_field_is_blamed_by_its_name(self) -> None:
        for change, blamed in (
            ({'counter_volume': '5'}, 'counter_volume: not a number'),
            ({'counter_volume': True}, 'counter_volume: not a number'),
            ({'counter_volume': None}, 'counter_volume: not a number'),
            ({'counter_volume': float('nan')}, 'counter_volume: not a finite'),
            ({'counter_volume': float('inf')}, 'counter_volume: not a finite'),
            ({'counter_volume': -1}, 'counter_volume: below zero'),
            ({'counter_volume': 10**25}, 'counter_volume: too large'),
            ({'counter_volume': 1e300}, 'counter_volume: too large'),
            ({'counter_type': 'sum'}, 'counter_type: '),
            ({'counter_type': ['gauge']}, 'counter_type: '),
            ({'counter_unit': 'x' * 33}, 'counter_unit: more than 32'),
            ({'counter_name': ''}, 'counter_name: missing'),
            ({'counter_name': 'a\0'}, 'counter_name: has blanks'),
            ({'resource_id': 7}, 'resource_id: missing, or not a text'),
            ({'resource_id': 'a '}, 'resource_id: has blanks'),
            ({'project_id': 'p' * 65}, 'project_id: more than 64'),
            ({'timestamp': 'noon'}, 'timestamp: '),
            ({'timestamp': '2026-13-01T00:00:00'}, 'timestamp: '),
            ({'timestamp': '0001-01-01T00:00:00+14:00'}, 'timestamp: '),
            ({'timestamp': None}, 'timestamp: '),
            ({'resource_metadata': {'instance_id': 7}}, 'instance_id: '),
        ):
            heard = parse_one(**change)

            self.assertEqual((), heard.readings, change)
            self.assertIn(f'samples[0]: {blamed}', heard.parked[0])

    def test_what_came_too_late_is_told_so(self) -> None:
        sample = metering.sample(EARLIEST - dt.timedelta(seconds=1))

        (why,) = parse(metering.message(sample)).parked

        self.assertIn('longer ago than samples are kept', why)

    def test_what_is_of_tomorrow_is_not_counted_today(self) -> None:
        sample = metering.sample(LATEST + dt.timedelta(seconds=1))

        (why,) = parse(metering.message(sample)).parked

        self.assertIn('yet to come', why)

    def test_what_is_no_sample_at_all_has_its_place(self) -> None:
        heard = parse(metering.message(metering.sample(NOON), 'x', None, {}))

        self.assertEqual(1, len(heard.readings))
        self.assertEqual(
            ['samples[1]', 'samples[2]'],
            [why.partition(':')[0] for why in heard.parked],
        )

    def test_a_payload_that_is_no_list_is_parked(self) -> None:
        for payload in (None, {}, 'x', 7):
            said = parse({'event_type': 'metering', 'payload': payload})

            self.assertIsInstance(said, nova.Parked)

    @hypothesis.given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers()
            | st.text(),
            lambda inner: st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(list(metering.sample(NOON))), inner,
                max_size=14,
            ),
            max_leaves=30,
        )
    )  # fmt: skip
    def test_nothing_makes_it_raise(self, payload: Any) -> None:
        read = json.loads(json.dumps(payload))

        said = parse({'event_type': 'metering', 'payload': [read]})

        self.assertIsInstance(said, ceilometer.Heard)


class IgnoredTest(base.BaseTestCase):
    def test_the_cloud_s_own_samples_are_nobodys(self) -> None:
        heard = parse_one(project_id=None)

        self.assertEqual(ceilometer.Heard((), ()), heard)

    def test_what_per_meter_topic_repeats_is_ignored(self) -> None:
        said = parse({**metering.recorded(), 'event_type': 'metering.cpu'})

        self.assertIn('repeats', said.reason)

    def test_only_the_configured_event_type_is_read(self) -> None:
        for event_type in ('event', 'telemetry.polling', 'Metering', None, 7):
            said = parse({**metering.recorded(), 'event_type': event_type})

            self.assertIsInstance(said, nova.Ignored)


class PricedTest(base.BaseTestCase):
    def test_only_samples_of_these_meters_are_left(self) -> None:
        message = metering.recorded()

        kept, lost = ceilometer.with_meters(message, {'cpu', 'volume.size'})

        self.assertEqual(4, lost)
        self.assertEqual(2, len(parse(kept).readings))
        self.assertEqual(6, len(message['payload']))

    def test_what_cannot_be_told_is_left_to_be_parked(self) -> None:
        message = metering.message('x', {'counter_name': 7}, {})

        self.assertEqual((message, 0), ceilometer.with_meters(message, ()))

    def test_so_is_a_payload_that_is_no_list(self) -> None:
        message = {'payload': 'x'}

        self.assertEqual((message, 0), ceilometer.with_meters(message, ()))
