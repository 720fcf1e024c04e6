# SPDX-License-Identifier: Apache-2.0
"""The window: pages on which support, finance and operators see and act.

All that it knows it asks of the REST API, in this process and in the name of
who looks: one door decides who may see and do what, for programs and people.
"""
