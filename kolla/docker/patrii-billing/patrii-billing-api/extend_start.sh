#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Set at all, these ask for one thing about the database and for nothing else.
# What is added disturbs no worker of the release before; what it used is
# taken away when none of them runs any more.

if [[ -v KOLLA_BOOTSTRAP ]]; then
    patrii-billing-manage db expand
    exit 0
fi

if [[ -v KOLLA_FINISH_UPGRADE ]]; then
    patrii-billing-manage db contract
    exit 0
fi
