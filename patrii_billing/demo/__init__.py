# SPDX-License-Identifier: Apache-2.0
"""Sample customers on a fast clock, to see the service at work."""
