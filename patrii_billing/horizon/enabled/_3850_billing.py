# SPDX-License-Identifier: Apache-2.0
"""To be copied into openstack_dashboard/local/enabled; it brings all.

The panel of a project's users stands here; the dashboard of the operator's
people is found by Horizon in the application.
"""

PANEL = 'billing'
PANEL_DASHBOARD = 'project'
PANEL_GROUP = 'default'
ADD_PANEL = 'patrii_billing.horizon.project.panel.Billing'
ADD_INSTALLED_APPS = ['patrii_billing.horizon']
