# SPDX-License-Identifier: Apache-2.0
"""Sphinx reads this to build the release notes from the reno notes."""

extensions = ['openstackdocstheme', 'reno.sphinxext']
project = 'Patrii Billing Release Notes'
copyright = 'Patrii Billing developers'
html_theme = 'openstackdocs'
html_theme_options = {
    # Nobody is told who reads.
    'analytics_tracking_code': '',
    'display_badge': False,
    'root_title': 'Patrii Billing',
}
html_static_path = ['../../doc/look/static']
templates_path = ['../../doc/look']
openstackdocs_auto_name = False
