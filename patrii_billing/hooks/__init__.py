# SPDX-License-Identifier: Apache-2.0
"""The ways to systems that listen: an HTTP endpoint, the message bus."""
