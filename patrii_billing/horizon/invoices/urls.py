# SPDX-License-Identifier: Apache-2.0
"""The addresses of invoices."""

from django import urls

from patrii_billing.horizon.invoices import views

urlpatterns = [
    urls.path('', views.IndexView.as_view(), name='index'),
    urls.path('<slug:number>/pdf', views.PdfView.as_view(), name='pdf'),
]
