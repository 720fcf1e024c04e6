# SPDX-License-Identifier: Apache-2.0
"""Sphinx reads this to build the API reference."""

import pathlib
import sys

_HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(_HERE.parents[1]))

from tools import api_reference  # noqa: E402

api_reference.write(_HERE / 'routes')

extensions = ['openstackdocstheme', 'os_api_ref']
project = 'Patrii Billing API'
copyright = 'Patrii Billing developers'
exclude_patterns = ['routes/parameters.yaml']

html_theme = 'openstackdocs'
html_theme_options = {
    'sidebar_mode': 'toc',
    # Nobody is told who reads.
    'analytics_tracking_code': '',
    'display_badge': False,
    'root_title': 'Patrii Billing',
}
html_static_path = ['../../doc/look/static']
templates_path = ['../../doc/look']
openstackdocs_auto_name = False
