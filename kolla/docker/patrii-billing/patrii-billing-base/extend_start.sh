#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by kolla_start, under errexit. The logs name customers: beside their
# owner only the group of kolla's containers reads them.

if [[ ! -d /var/log/kolla/patrii-billing ]]; then
    mkdir --mode 2750 /var/log/kolla/patrii-billing
fi

# shellcheck source=/dev/null
. /usr/local/bin/kolla_patrii_billing_extend_start
