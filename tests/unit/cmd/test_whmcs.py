# SPDX-License-Identifier: Apache-2.0
"""`import whmcs`: the tables of a hosting panel at the command line."""

import pathlib

from patrii_billing.domain import cloud
from patrii_billing.store import schema
from tests.unit.cmd import base

_CLIENTS = """\
id,firstname,lastname,companyname,email,address1,address2,city,state,\
postcode,country,tax_id,currency,language,credit,status
1,Ada,Low,Acme SARL,ada@acme.example,1 rue Verte,,Lyon,,69001,FR,FR123,EUR,\
french,12.50,Active
2,Bo,Ek,,bo@bo.example,"Line one
and two",,Oslo,,0150,NO,,EUR,english,0.00,Active
3,Gone,Away,,gone@x.example,,,,,,,,EUR,,0.00,Closed
"""
_SERVICES = """\
id,userid,packageid,username,regdate,nextduedate,amount,billingcycle,\
domainstatus
11,1,3,acme-prod,2025-06-15,2026-02-15,10.00,Monthly,Active
12,2,3,bo-prod,2025-10-31,2026-01-31,30.00,Quarterly,Suspended
13,2,4,bo-prod,2025-10-31,0000-00-00,0.00,Free Account,Active
14,1,3,acme-prod,2024-01-01,2024-02-01,10.00,Monthly,Terminated
15,3,3,gone,2024-01-01,2024-02-01,10.00,Monthly,Active
"""
_INVOICES = """\
id,userid,date,duedate,total,status
100,1,2026-01-15,2026-01-22,10.00,Paid
101,2,2025-10-31,2025-11-07,30.00,Unpaid
102,2,2025-11-30,2025-12-07,5.25,Unpaid
"""
_PAYMENTS = """\
id,userid,invoiceid,amountin,amountout
1,1,100,10.00,0.00
2,2,101,10.00,0.00
"""


class WhmcsTest(base.CommandTestCase):
    """Two customers of a panel, whose projects keystone has."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.projects.projects['bo-id'] = cloud.KeystoneProject(
            'bo-id', 'bo-prod'
        )
        for name, content in (
            ('tblclients', _CLIENTS), ('tblhosting', _SERVICES),
            ('tblinvoices', _INVOICES), ('tblaccounts', _PAYMENTS),
        ):  # fmt: skip
            self.table(name, content)

    def table(self, name: str, content: str | bytes) -> None:
        raw = content.encode() if isinstance(content, str) else content
        (self.folder / f'{name}.csv').write_bytes(raw)

    def do(self, *options: str) -> str:
        return self.manage('import', 'whmcs', str(self.folder), *options)

    def mistakes(self, *options: str) -> list[str]:
        code, _, err = self.run_it(
            'import', 'whmcs', str(self.folder), *options
        )
        self.assertEqual(1, code)
        head = 'patrii-billing-manage: error: '
        return [line.removeprefix(head) for line in err.splitlines()]

    def count(self) -> int:
        return len(self.tools().db.read(
            lambda conn: conn.execute(schema.accounts.select()).all()
        ))  # fmt: skip

    def test_a_dry_run_shows_what_is_new_and_the_totals_to_the_cent(
        self,
    ) -> None:
        said = self.do('--dry-run')

        told = ' '.join(said.split())
        for line in (
            'new account Acme SARL',
            'new subscription whmcs-12',
            'clients, credit 2 12.50 EUR',
            'open invoices, owed 2 25.25 EUR',
            'services by month, each time 1 10.00 EUR',
            'services by quarter, each time 1 30.00 EUR',
            'left out, clients: Closed 1',
            'left out, services: Free Account 1',
            'left out, services: of such a client 1',
            'Dry run: nothing was written.',
        ):
            self.assertIn(line, told)
        self.assertEqual(0, self.count())
        self.assertTrue(all(len(line) <= 80 for line in said.splitlines()))

    def test_the_same_tables_again_change_nothing(self) -> None:
        self.do()

        again = self.do()

        self.assertNotIn('new', again)
        self.assertIn('same  subscription  whmcs-11', again)
        self.assertEqual(2, self.count())

    def test_customers_are_as_they_were_there(self) -> None:
        self.do()

        opening = self.manage('invoice', 'list')
        self.assertIn('Bo Ek', opening)
        self.assertIn('25.25 EUR', opening)
        shown = self.manage('subscription', 'show', 'whmcs-12')
        for part in ('whmcs-3-quarter-30.00-EUR (quarter)', '2026-01-31'):
            self.assertIn(part, shown)

    def test_a_product_that_is_named_becomes_a_plan_of_here(self) -> None:
        self.load()
        map_ = self.write('map.yaml', 'plans: {"3": vps}\n')

        said = self.do('--dry-run', '--map', map_, '--print')

        self.assertIn('plan: "vps"', said)
        self.assertNotIn('whmcs-3-', said)

    def test_what_is_printed_can_be_imported(self) -> None:
        printed = self.do('--print')

        path = self.write('printed.yaml', '')
        pathlib.Path(path).write_text(printed, encoding='utf-8')
        self.manage('import', path)
        self.assertNotIn('new', self.do('--dry-run'))

    def test_what_changed_there_is_told_by_its_name(self) -> None:
        self.do()
        self.table('tblclients', _CLIENTS.replace('ada@', 'finance@'))

        said = self.do('--dry-run')

        self.assertIn('changed  account       Acme SARL', said)
        self.assertIn('contacts', said)

    def test_each_mistake_names_its_file_its_line_and_its_column(
        self,
    ) -> None:
        self.table(
            'tblhosting',
            _SERVICES.replace('2026-02-15', '15.02.2026')
            .replace('30.00,Quarterly', '3O,Quarterly')
            .replace('14,1,3', '14,9,3'),
        )
        self.table('tblclients', _CLIENTS.replace('ada@acme.example', 'ada'))

        said = self.mistakes()

        for part in (
            'tblhosting.csv:2: nextduedate: ', 'tblhosting.csv:3: amount: ',
            'tblhosting.csv:5: userid: there is no client 9',
            'tblclients.csv:2: email: ',
        ):  # fmt: skip
            self.assertTrue(any(part in line for line in said), (part, said))
        self.assertEqual(0, self.count())

    def test_a_dry_run_shows_what_is_refused(self) -> None:
        self.table('tblhosting', _SERVICES.replace('acme-prod', 'nowhere'))

        code, out, err = self.run_it(
            'import', 'whmcs', str(self.folder), '--dry-run'
        )

        self.assertEqual(1, code)
        self.assertIn('refused', out)
        self.assertIn('tblhosting.csv:2: username', out)
        self.assertIn('nothing can be imported', err)

    def test_tables_of_another_dialect_are_read_by_a_map(self) -> None:
        self.table(
            'tblclients',
            _CLIENTS.replace(',', ';').replace('12.50', '1.012,50')
            .replace('0.00', '0').replace('Verte', 'Élisée').encode('cp1252'),
        )  # fmt: skip
        map_ = self.write(
            'map.yaml',
            """
            encoding: cp1252
            decimal: ","
            dates: ["%Y-%m-%d", "%d/%m/%Y"]
            """,
        )
        self.table(
            'tblhosting',
            _SERVICES.replace('.00,', ',').replace('2026-02-15', '15/02/2026'),
        )
        for name, content in (
            ('tblinvoices', _INVOICES), ('tblaccounts', _PAYMENTS)
        ):
            self.table(name, content.replace('.00', '').replace('.25', ''))

        said = self.do('--dry-run', '--map', map_)

        self.assertIn('1012.50 EUR', said)
        printed = self.do('--print', '--map', map_)
        self.assertIn('1 rue Élisée', printed)
        self.assertIn('"2026-02-15"', printed)

    def test_a_byte_order_mark_is_passed_over(self) -> None:
        self.table('tblclients', b'\xef\xbb\xbf' + _CLIENTS.encode())
        self.table('tblhosting', _SERVICES.encode('utf-16'))

        self.assertIn('whmcs-11', self.do('--dry-run'))

    def test_a_file_that_is_none_is_refused_by_its_line(self) -> None:
        for content, words in (
            (b'id\n\xff', 'tblclients.csv:2: is not utf-8'),
            (b'', 'tblclients.csv: is empty'),
            (b'id,email\n', "tblclients.csv:1: the column 'companyname'"),
            (_CLIENTS.encode() + b'4,x\n',
             'tblclients.csv:6: has 2 columns, the headers are 16'),
            (_CLIENTS.replace('2,Bo', '1,Bo').encode(),
             'tblclients.csv:3: id: 1 is there twice'),
        ):  # fmt: skip
            self.table('tblclients', content)

            self.assertIn(words, '\n'.join(self.mistakes()))

    def test_a_map_is_read_strictly(self) -> None:
        for line, words in (
            ('decimals: ","', 'unknown key'),
            ('decimal: ";"', 'must be . or ,'),
            ('delimiter: ",,"', 'must be one character'),
            ('clients: {columns: {mail: e}}', 'is none of id, company'),
            ('payments: {taken: [x]}', 'unknown key'),
        ):
            map_ = self.write('map.yaml', f'# Ours.\n{line}\n')

            [said] = self.mistakes('--map', map_)

            self.assertIn(f'{map_}:2: ', said)
            self.assertIn(words, said)

    def test_a_folder_without_tables_is_refused(self) -> None:
        (self.folder / 'tblhosting.csv').unlink()

        self.assertIn('has no tblhosting.csv', self.mistakes()[0])
        self.assertIn('FOLDER', self.refused('import', 'whmcs'))
        self.assertIn('FOLDER', self.refused('import', 'a.yaml', 'b'))
