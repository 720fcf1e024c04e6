# SPDX-License-Identifier: Apache-2.0
"""pbr reads the version from git only when this file asks for it."""

import setuptools

setuptools.setup(setup_requires=['pbr>=7.1.0'], pbr=True)
