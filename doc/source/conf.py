# SPDX-License-Identifier: Apache-2.0
"""Sphinx reads this to build the documentation."""

import pathlib
import sys

from patrii_billing import threads

# Before anything else is imported, as in every process of the service.
threads.choose_native()

_HERE = pathlib.Path(__file__).resolve().parent
_ETC = _HERE.parents[1] / 'etc/patrii_billing'
sys.path.insert(0, str(_HERE.parent / 'ext'))

extensions = [
    'cliff.sphinxext',
    'commands',
    'openstackdocstheme',
    'oslo_config.sphinxconfiggen',
    'oslo_config.sphinxext',
    'oslo_policy.sphinxext',
    'oslo_policy.sphinxpolicygen',
]
project = 'Patrii Billing'
copyright = 'Patrii Billing developers'
# The helps of options mark what is literal by single backticks.
default_role = 'code'

html_theme = 'openstackdocs'
html_theme_options = {
    # Nobody is told who reads.
    'analytics_tracking_code': '',
    'display_badge': False,
    'root_title': 'Patrii Billing',
}
html_static_path = ['_static', '../look/static']
templates_path = ['../look']
openstackdocs_auto_name = False

autoprogram_cliff_application = 'openstack'
config_generator_config_file = [
    (
        str(_ETC / 'patrii-billing-config-generator.conf'),
        '_static/patrii_billing',
    )
]
policy_generator_config_file = [
    (
        str(_ETC / 'patrii-billing-policy-generator.conf'),
        '_static/patrii_billing',
    )
]
