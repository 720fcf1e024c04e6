# SPDX-License-Identifier: Apache-2.0
"""Sphinx reads this to build the release notes from the reno notes."""

extensions = ['openstackdocstheme', 'reno.sphinxext']
project = 'Patrii Billing Release Notes'
copyright = 'Patrii Billing developers'
html_theme = 'openstackdocs'
openstackdocs_auto_name = False
