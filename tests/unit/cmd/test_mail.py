# SPDX-License-Identifier: Apache-2.0
"""An operator looks at the mails of his customers."""

from tests.unit.cmd import base


class PreviewTest(base.CommandTestCase):
    def test_every_notice_is_written_into_a_folder(self) -> None:
        folder = self.folder / 'new' / 'mails'
        said = self.manage('mail', 'preview', '--to', str(folder))

        self.assertIn(f'open {folder}/index.html.', said)
        self.assertIn(
            'Last warning', (folder / 'index.html').read_text('utf-8')
        )
        self.assertTrue((folder / 'fr-grace-usual.dark.html').exists())
