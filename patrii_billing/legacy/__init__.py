# SPDX-License-Identifier: Apache-2.0
"""What hosting panels export, as documents that the import reads."""
