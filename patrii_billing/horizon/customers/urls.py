# SPDX-License-Identifier: Apache-2.0
"""The addresses of customers, and of what is done for one."""

from django import urls

from patrii_billing.horizon.customers import views

_ONE = '<int:account_id>/'
_SUB = f'{_ONE}subscriptions/<int:subscription_id>/'

urlpatterns = [
    urls.path('', views.IndexView.as_view(), name='index'),
    urls.path(_ONE, views.DetailView.as_view(), name='detail'),
    urls.path(f'{_ONE}pay/', views.PayView.as_view(), name='pay'),
    urls.path(f'{_SUB}hold/', views.HoldView.as_view(), name='hold'),
    urls.path(
        f'{_SUB}restore/', views.RestoreView.as_view(), name='restore'
    ),
    urls.path(
        f'{_ONE}notices/<int:notice_id>/resend/',
        views.ResendView.as_view(),
        name='resend',
    ),
]
