# SPDX-License-Identifier: Apache-2.0
"""The addresses of what a project's user sees."""

from django import urls

from patrii_billing.horizon.project import views

urlpatterns = [
    urls.path('', views.IndexView.as_view(), name='index'),
    urls.path('<slug:number>/pdf', views.PdfView.as_view(), name='pdf'),
    urls.path(
        'subscriptions/<int:subscription_id>/quota/',
        views.QuotaView.as_view(),
        name='quota',
    ),
]
