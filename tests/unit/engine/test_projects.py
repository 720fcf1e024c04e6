# SPDX-License-Identifier: Apache-2.0
"""Projects of keystone that are given to customers, and taken away."""

from typing import Any

from patrii_billing.domain import cloud
from patrii_billing.domain import lifecycle
from patrii_billing.engine import projects
from patrii_billing import errors
from patrii_billing.sim import cloud as clouds
from patrii_billing.store import accounts
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from tests import books

PROD = cloud.KeystoneProject('id-1', 'acme-prod')


class _Tools:
    """What a search needs of the engine's tools."""

    def __init__(self, *found: cloud.KeystoneProject) -> None:
        self.cloud = self
        self.projects = clouds.Projects()
        self.projects.projects = {each.id: each for each in found}


class ProjectsTestCase(books.BooksTestCase):
    def find(
        self, project_id: str | None, name: str | None = None
    ) -> cloud.KeystoneProject:
        tools: Any = _Tools(
            PROD,
            cloud.KeystoneProject('id-2', 'twin'),
            cloud.KeystoneProject('id-3', 'twin'),
        )
        return projects.find(tools, project_id, name)

    def add(
        self, account_id: int, project: cloud.KeystoneProject = PROD
    ) -> bool:
        return self.db.write(
            projects.add, project, account_id, books.NOW, 'eva'
        )

    def remove(self, project: str = 'id-1') -> None:
        self.db.write(projects.remove, project, books.NOW, 'eva')

    def told(self) -> list[tuple[str, str, str, int | None]]:
        with self.db.engine.connect() as conn:
            return [
                (row.what, row.name, row.why, row.account_id)
                for row in conn.execute(schema.timeline.select())
            ]


class AProjectIsLookedUpTest(ProjectsTestCase):
    def test_it_is_found_by_its_id_or_its_name(self) -> None:
        self.assertEqual(PROD, self.find('id-1'))
        self.assertEqual(PROD, self.find(None, 'acme-prod'))
        self.assertEqual(PROD, self.find('id-1', 'acme-prod'))

    def test_what_keystone_has_not_is_refused(self) -> None:
        for where, given in (
            ('id', ('id-9', None)),
            ('name', (None, 'nobody')),
            ('name', ('id-1', 'another')),
        ):
            error = self.assertRaises(errors.InvalidInput, self.find, *given)
            self.assertEqual(where, error.where)

    def test_of_two_of_a_name_one_must_be_chosen(self) -> None:
        error = self.assertRaises(
            errors.InvalidInput, self.find, None, 'twin'
        )

        self.assertEqual(
            "keystone has 2 projects 'twin', say which by its id: id-2, id-3",
            error.reason,
        )


class AProjectIsGivenTest(ProjectsTestCase):
    def test_it_belongs_to_its_account_from_then_on(self) -> None:
        account_id = self.db.write(books.account)

        self.assertTrue(self.add(account_id))

        row = self.db.read(accounts.project, 'id-1')
        assert row is not None
        self.assertEqual(('acme-prod', account_id), (row.name, row.account_id))
        self.assertEqual(
            [('project', 'added', 'acme-prod', account_id)], self.told()
        )

    def test_given_again_it_has_the_name_of_keystone(self) -> None:
        account_id = self.db.write(books.account)
        self.add(account_id)

        renamed = cloud.KeystoneProject('id-1', 'acme-live')
        self.assertFalse(self.add(account_id, renamed))

        row = self.db.read(accounts.project, 'id-1')
        assert row is not None
        self.assertEqual('acme-live', row.name)
        self.assertEqual(1, len(self.told()))

    def test_it_cannot_be_of_two(self) -> None:
        self.add(self.db.write(books.account))
        other = self.db.write(books.account, 'emca')

        error = self.assertRaises(errors.Conflict, self.add, other)

        self.assertEqual('acme-prod belongs to acme in the books', str(error))

    def test_it_is_given_to_no_account_that_is_not_there(self) -> None:
        error = self.assertRaises(errors.InvalidInput, self.add, 7)

        self.assertEqual('account_id', error.where)


class AProjectIsTakenAwayTest(ProjectsTestCase):
    def test_one_that_was_never_billed_goes(self) -> None:
        account_id = self.db.write(books.account)
        self.add(account_id)

        self.remove()

        self.assertIsNone(self.db.read(accounts.project, 'id-1'))
        self.assertEqual(
            ('project', 'removed', 'acme-prod', account_id), self.told()[-1]
        )

    def test_one_with_a_contract_stays(self) -> None:
        self.db.write(books.subscription)

        error = self.assertRaises(errors.Conflict, self.remove, 'acme-prod')

        self.assertEqual('acme-1 is for acme-prod, and is live', str(error))

    def test_one_with_a_history_stays(self) -> None:
        sub = self.db.write(books.subscription)
        self.db.write(
            subscriptions.change, sub, contract=lifecycle.Contract.ENDED
        )

        error = self.assertRaises(errors.Conflict, self.remove, 'acme-prod')

        self.assertEqual(
            'acme-1 was for acme-prod: its history stays', str(error)
        )

    def test_what_is_not_there_is_not_found(self) -> None:
        self.assertRaises(errors.NotFound, self.remove)
