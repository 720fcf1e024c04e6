# SPDX-License-Identifier: Apache-2.0
"""The addresses of actions, and of what a person does with one."""

from django import urls

from patrii_billing.horizon.actions import views

_ONE = '<int:action_id>/'

urlpatterns = [
    urls.path('', views.IndexView.as_view(), name='index'),
    urls.path(
        f'{_ONE}approve/', views.ApproveView.as_view(), name='approve'
    ),
    urls.path(f'{_ONE}cancel/', views.CancelView.as_view(), name='cancel'),
    urls.path(f'{_ONE}retry/', views.RetryView.as_view(), name='retry'),
]
