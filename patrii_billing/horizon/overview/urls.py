# SPDX-License-Identifier: Apache-2.0
"""The addresses of the overview."""

from django import urls

from patrii_billing.horizon.overview import views

urlpatterns = [
    urls.path('', views.OverviewView.as_view(), name='index'),
]
