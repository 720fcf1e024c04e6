#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# DevStack plugin of Patrii Billing: its phases call the functions below.

function is_patrii_billing_enabled {
    [[ ,${ENABLED_SERVICES} =~ ,"patrii-billing-" ]] && return 0
    return 1
}

function install_patrii_billing {
    setup_develop "$PATRII_BILLING_DIR"
}

# Nova sends no notifications unless told to, and then to topics that other
# services read: it is given one more topic that is ours alone.
function configure_patrii_billing_nova {
    iniset "$NOVA_CONF" oslo_messaging_notifications driver messagingv2
    iniset "$NOVA_CONF" notifications notification_format both
    iniset "$NOVA_CONF" notifications notify_on_state_change \
        vm_and_task_state
    iniset "$NOVA_CONF" notifications versioned_notifications_topics \
        "versioned_notifications,$PATRII_BILLING_TOPIC"
    iniset "$NOVA_CONF" DEFAULT instance_usage_audit True
    iniset "$NOVA_CONF" DEFAULT instance_usage_audit_period hour
}

function configure_patrii_billing {
    sudo install -d -o "$STACK_USER" "$PATRII_BILLING_CONF_DIR"
    rm -f "$PATRII_BILLING_CONF"
    touch "$PATRII_BILLING_CONF"
    chmod 0600 "$PATRII_BILLING_CONF"
    iniset "$PATRII_BILLING_CONF" DEFAULT debug "$ENABLE_DEBUG_LOG_LEVEL"
    iniset "$PATRII_BILLING_CONF" database connection \
        "$(database_connection_url "$PATRII_BILLING_DATABASE")"
    iniset_rpc_backend patrii-billing "$PATRII_BILLING_CONF"
    iniset "$PATRII_BILLING_CONF" listener topics "$PATRII_BILLING_TOPIC"
    iniset "$PATRII_BILLING_CONF" enforcement dry_run \
        "$PATRII_BILLING_DRY_RUN"
    iniset "$PATRII_BILLING_CONF" mail driver "$PATRII_BILLING_MAIL_DRIVER"
    iniset "$PATRII_BILLING_CONF" mail folder "$PATRII_BILLING_MAIL_FOLDER"
    iniset "$PATRII_BILLING_CONF" mail sender "billing@$(hostname -f)"
    configure_patrii_billing_account patrii-billing "$PATRII_BILLING_CONF" nova
}

# The keystone account it acts with, in the section that it is given.
function configure_patrii_billing_account {
    local user=$1
    local file=$2
    local section=$3
    iniset "$file" "$section" auth_type password
    iniset "$file" "$section" auth_url "$KEYSTONE_SERVICE_URI"
    iniset "$file" "$section" username "$user"
    iniset "$file" "$section" password "$SERVICE_PASSWORD"
    iniset "$file" "$section" user_domain_name "$SERVICE_DOMAIN_NAME"
    iniset "$file" "$section" project_name "$SERVICE_PROJECT_NAME"
    iniset "$file" "$section" project_domain_name "$SERVICE_DOMAIN_NAME"
    iniset "$file" "$section" region_name "$REGION_NAME"
}

function init_patrii_billing {
    recreate_database "$PATRII_BILLING_DATABASE"
    # Nova lets nobody but an administrator hold a lock against its owner.
    create_service_user patrii-billing admin
    "$PATRII_BILLING_BIN_DIR/patrii-billing-manage" \
        --config-file "$PATRII_BILLING_CONF" db upgrade
}

function start_patrii_billing {
    run_process patrii-billing-engine \
        "$PATRII_BILLING_BIN_DIR/patrii-billing-engine --config-file $PATRII_BILLING_CONF"
}

function stop_patrii_billing {
    stop_process patrii-billing-engine
}

function cleanup_patrii_billing {
    rm -f "$PATRII_BILLING_CONF"
    rm -rf "$PATRII_BILLING_MAIL_FOLDER"
}

function patrii_billing_phase {
    local mode=$1
    local phase=${2:-}
    PATRII_BILLING_BIN_DIR=$(get_python_exec_prefix)
    case "$mode $phase" in
    'stack install')
        echo_summary 'Installing Patrii Billing'
        install_patrii_billing
        ;;
    'stack post-config')
        echo_summary 'Configuring Patrii Billing'
        configure_patrii_billing
        if is_service_enabled nova; then
            configure_patrii_billing_nova
        fi
        ;;
    'stack extra')
        echo_summary 'Starting Patrii Billing'
        init_patrii_billing
        start_patrii_billing
        ;;
    'unstack ')
        stop_patrii_billing
        ;;
    'clean ')
        cleanup_patrii_billing
        ;;
    esac
}

if is_patrii_billing_enabled; then
    patrii_billing_phase "$@"
fi
