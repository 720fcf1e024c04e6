# SPDX-License-Identifier: Apache-2.0
"""What this service would have done in another engine's place."""
