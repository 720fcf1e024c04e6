# SPDX-License-Identifier: Apache-2.0
"""An invoice as a machine reads it: EN 16931 inside a PDF/A-3."""

import dataclasses
from decimal import Decimal
import io
from typing import Any

import facturx as library
from lxml import etree
from oslotest import base
import pypdf

from patrii_billing.document import brand as brands
from patrii_billing.document import facturx
from patrii_billing.document import words
from patrii_billing.domain import document
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing import errors
from tests.unit.document import samples

ENGLISH = words.find('en')
BRAND = dataclasses.replace(
    samples.BRAND, untaxed='E', untaxed_why='Article 132 of 2006/112/EC'
)
_TRADE = 'rsm:SupplyChainTradeTransaction'
_SUMS = (
    f'{_TRADE}/ram:ApplicableHeaderTradeSettlement/'
    'ram:SpecifiedTradeSettlementHeaderMonetarySummation'
)


def written(
    *lines: document.Line, brand: brands.Brand = BRAND, **values: Any
) -> Any:
    """The XML, which the library has checked against the schema."""
    invoice = samples.invoice(*lines, **values)
    return etree.fromstring(facturx.xml(brand, invoice, ENGLISH))


def texts(tree: Any, path: str) -> list[str]:
    return [each.text for each in tree.findall(path, tree.nsmap)]


class XmlTest(base.BaseTestCase):
    def test_it_is_the_profile_of_the_norm(self) -> None:
        self.assertEqual('en16931', library.get_level(written()))

    def test_the_sums_are_those_of_the_invoice(self) -> None:
        tree = written(payments=(document.Payment(samples.ISSUED, 500),))

        for name, amount in (
            ('LineTotalAmount', '10.00'), ('TaxBasisTotalAmount', '10.00'),
            ('TaxTotalAmount', '2.00'), ('GrandTotalAmount', '12.00'),
            ('TotalPrepaidAmount', '5.00'), ('DuePayableAmount', '7.00'),
        ):  # fmt: skip
            self.assertEqual([amount], texts(tree, f'{_SUMS}/ram:{name}'))

    def test_price_times_quantity_less_discount_is_the_net_sum(self) -> None:
        rows = (
            samples.line(quantity='3'),
            samples.line(days=(20, 31)),
            samples.line(discount=250),
            samples.line(net=833, taxes=(samples.vat(833),)),
            samples.line(amount=-645, net=-645, taxes=(samples.vat(-645),)),
            samples.line(price='0.0425', quantity='1536.5', rate=None),
        )
        tree = written(*rows)

        items = tree.findall(
            f'{_TRADE}/ram:IncludedSupplyChainTradeLineItem', tree.nsmap
        )
        for item, row in zip(items, rows, strict=True):
            [price] = texts(item, './/ram:NetPriceProductTradePrice/'
                                  'ram:ChargeAmount')  # fmt: skip
            [quantity] = texts(item, './/ram:BilledQuantity')
            [net] = texts(item, './/ram:LineTotalAmount')
            off = texts(item, './/ram:ActualAmount') or ['0']
            product = Decimal(price) * Decimal(quantity) - Decimal(off[0])
            self.assertEqual(money.plain(row.net, 'EUR'), net)
            self.assertEqual(Decimal(net), product)
            self.assertGreaterEqual(Decimal(price), 0)

    def test_a_share_of_a_cycle_is_explained_beside_its_sum(self) -> None:
        tree = written(samples.line(days=(20, 31)))

        [how] = texts(tree, f'{_TRADE}//ram:SpecifiedTradeProduct/'
                            'ram:Description')  # fmt: skip
        self.assertIn('1 × €10.00', how)
        self.assertIn('20 of 31 days', how)

    def test_a_credit_note_has_its_type_and_positive_sums(self) -> None:
        row = samples.line(amount=-1000, net=-1000)
        row = dataclasses.replace(row, taxes=(samples.vat(-1000),))
        tree = written(
            row, kind=document.Kind.CREDIT_NOTE, corrects='INV-000017',
            number='CN-000003', owed=0, state=lifecycle.InvoiceState.PAID,
        )  # fmt: skip

        self.assertEqual(
            ['381'], texts(tree, 'rsm:ExchangedDocument/ram:TypeCode')
        )
        self.assertEqual(
            ['12.00'], texts(tree, f'{_SUMS}/ram:DuePayableAmount')
        )
        self.assertEqual(
            ['INV-000017'],
            texts(tree, './/ram:InvoiceReferencedDocument/'
                        'ram:IssuerAssignedID'),
        )  # fmt: skip

    def test_days_are_those_of_the_customers_place(self) -> None:
        tree = written()

        self.assertEqual(
            ['20260501'],
            texts(tree, './/ram:DueDateDateTime/udt:DateTimeString'),
        )

    def test_each_rate_and_what_has_none_is_broken_down(self) -> None:
        tree = written(
            samples.line(), samples.line(rate='5.5'), samples.line(rate=None)
        )
        path = (
            f'{_TRADE}/ram:ApplicableHeaderTradeSettlement/'
            'ram:ApplicableTradeTax/ram:'
        )

        self.assertEqual(['S', 'S', 'E'], texts(tree, f'{path}CategoryCode'))
        self.assertEqual(
            ['10.00', '10.00', '10.00'], texts(tree, f'{path}BasisAmount')
        )

    def test_names_of_any_kind_are_kept_as_they_are(self) -> None:
        name = '<Müller> & "Söhne"'
        party = dataclasses.replace(samples.CUSTOMER, name=name)

        self.assertEqual(
            [name],
            texts(written(customer=party), './/ram:BuyerTradeParty/ram:Name'),
        )


class MissingTest(base.BaseTestCase):
    def missing(self, **values: Any) -> str:
        brand = values.pop('brand', BRAND)
        lines = values.pop('lines', ())
        error = self.assertRaises(
            errors.InvalidDocument, written, *lines, brand=brand, **values
        )
        return str(error)

    def test_every_missing_field_is_named_at_once(self) -> None:
        nobody = document.Party('')
        brand = dataclasses.replace(samples.BRAND, seller=nobody)

        said = self.missing(
            brand=brand, customer=nobody, lines=[samples.line(rate=None)]
        )

        for field in (
            '[document] seller_name', '[document] seller_country',
            '[document] seller_tax_id', "the customer's name",
            "the customer's country", '[document] untaxed:',
            '[document] untaxed_why',
        ):  # fmt: skip
            self.assertIn(field, said)

    def test_numbers_of_vat_are_asked_for_where_the_reason_needs_them(
        self,
    ) -> None:
        bare = [samples.line(rate=None)]
        seller = dataclasses.replace(samples.SELLER, tax_id='12345')
        buyer = dataclasses.replace(samples.CUSTOMER, tax_id='')
        for untaxed, fields in (
            ('AE', ["the customer's tax_id"]),
            ('K', ["the customer's tax_id", '[document] seller_tax_id']),
            ('G', ['[document] seller_tax_id']),
        ):
            brand = dataclasses.replace(BRAND, untaxed=untaxed, seller=seller)
            said = self.missing(brand=brand, customer=buyer, lines=bare)
            self.assertEqual(
                sorted(fields),
                sorted(line.partition(':')[0] for line in said.splitlines()),
            )

    def test_what_is_no_matter_of_vat_names_no_number_of_vat(self) -> None:
        brand = dataclasses.replace(BRAND, untaxed='O')

        tree = written(samples.line(rate=None), brand=brand)

        self.assertEqual([], texts(tree, './/ram:SpecifiedTaxRegistration'))
        self.assertIn(
            '[document] untaxed: cannot be O',
            self.missing(
                brand=brand, lines=[samples.line(), samples.line(rate=None)]
            ),
        )

    def test_a_currency_the_norm_has_no_digits_for_is_refused(self) -> None:
        self.assertIn('KWD has more digits', self.missing(currency='KWD'))

    def test_two_taxes_on_a_line_are_refused(self) -> None:
        taxes = (samples.vat(1000, '5'), samples.vat(1000, '7', 'PST'))

        self.assertIn(
            'one tax a line', self.missing(lines=[samples.line(taxes=taxes)])
        )


class FileTest(base.BaseTestCase):
    def test_the_pdf_holds_the_xml_and_is_made_to_be_archived(self) -> None:
        invoice = samples.invoice()

        found = facturx.facturx(BRAND, invoice)

        name, inside = library.get_xml_from_pdf(found)
        self.assertEqual('factur-x.xml', name)
        self.assertEqual(
            etree.tostring(
                etree.fromstring(facturx.xml(BRAND, invoice, ENGLISH)),
                method='c14n',
            ),
            etree.tostring(etree.fromstring(inside), method='c14n'),
        )
        catalog = pypdf.PdfReader(io.BytesIO(found)).trailer['/Root']
        self.assertIn('/OutputIntents', catalog)
        self.assertIn('/AF', catalog)
        metadata = catalog['/Metadata'].get_data()
        self.assertIn(b'<pdfaid:part>3</pdfaid:part>', metadata)
        self.assertIn(b'EN 16931', metadata)
