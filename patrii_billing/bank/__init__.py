# SPDX-License-Identifier: Apache-2.0
"""The post of the bank: its statements, read as entries of one kind."""
