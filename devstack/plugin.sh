#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# DevStack plugin of Patrii Billing: its phases call the functions below.

_XTRACE_PATRII_BILLING=$(set +o | grep xtrace)
set +o xtrace

function is_patrii_billing_enabled {
    [[ ,${ENABLED_SERVICES} =~ ,"patrii-billing-" ]] && return 0
    return 1
}

function patrii_billing_url {
    echo "$PATRII_BILLING_SERVICE_PROTOCOL://$PATRII_BILLING_SERVICE_HOST/billing"
}

# It is better to hear it now than in half an hour.
function check_patrii_billing {
    local service
    for service in key nova; do
        if ! is_service_enabled "$service"; then
            die $LINENO "patrii-billing needs the service $service"
        fi
    done
    if [[ -z $(get_notification_url) ]]; then
        die $LINENO 'patrii-billing needs the message bus: rabbit'
    fi
}

function install_patrii_billing {
    local extras=cli,pdf
    if is_service_enabled postgresql; then
        extras+=,postgresql
    else
        extras+=,mysql
    fi
    setup_develop "$PATRII_BILLING_DIR" "$extras"
}

# Nova sends no notifications unless told to, and then to topics that other
# services read: it is given one more topic that is ours alone.
function configure_patrii_billing_nova {
    local file
    local cell
    local url
    local files=("$NOVA_CONF")
    # The conductors of the cells read files of their own, made before this,
    # and call over buses of their own.
    if is_service_enabled n-cond; then
        for cell in $(seq 1 "$NOVA_NUM_CELLS"); do
            files+=("$(conductor_conf "$cell")")
        done
    fi
    url=$(get_notification_url)
    for file in "${files[@]}"; do
        iniset "$file" oslo_messaging_notifications driver messagingv2
        iniset "$file" oslo_messaging_notifications transport_url "$url"
        iniset "$file" notifications notification_format both
        iniset "$file" notifications notify_on_state_change \
            vm_and_task_state
        iniset "$file" notifications versioned_notifications_topics \
            "versioned_notifications,$PATRII_BILLING_TOPIC"
        iniset "$file" DEFAULT instance_usage_audit True
        iniset "$file" DEFAULT instance_usage_audit_period hour
    done
}

# One more publisher beside those there are, and a secret of our own: what is
# not signed with it bills nobody.
function configure_patrii_billing_ceilometer {
    local pipeline=$CEILOMETER_CONF_DIR/pipeline.yaml
    local publisher="notifier://?topic=$PATRII_BILLING_METERING_TOPIC"
    local secret=${PATRII_BILLING_METERING_SECRET:-$SERVICE_PASSWORD}
    if [[ ! -e $pipeline ]]; then
        die $LINENO 'enable the plugin ceilometer before patrii-billing'
    fi
    if ! grep -qF -- "- $publisher" "$pipeline"; then
        sed -i "/^ *publishers: *\$/{n;s|^\( *\)- |\1- $publisher\n&|}" \
            "$pipeline"
    fi
    iniset "$CEILOMETER_CONF" publisher telemetry_secret "$secret"
    iniset "$PATRII_BILLING_CONF" ceilometer enabled True
    iniset "$PATRII_BILLING_CONF" ceilometer topic \
        "$PATRII_BILLING_METERING_TOPIC"
    iniset "$PATRII_BILLING_CONF" ceilometer secret "$secret"
}

function configure_patrii_billing {
    local database
    sudo install -d -o "$STACK_USER" "$PATRII_BILLING_CONF_DIR"
    rm -f "$PATRII_BILLING_CONF"
    touch "$PATRII_BILLING_CONF"
    chmod 0600 "$PATRII_BILLING_CONF"
    # Servers have names that three bytes a letter cannot hold.
    database=$(database_connection_url "$PATRII_BILLING_DATABASE" |
        sed 's/charset=utf8\(&\|$\)/charset=utf8mb4\1/')
    iniset "$PATRII_BILLING_CONF" DEFAULT debug "$ENABLE_DEBUG_LOG_LEVEL"
    setup_logging "$PATRII_BILLING_CONF"
    iniset "$PATRII_BILLING_CONF" database connection "$database"
    iniset_rpc_backend patrii-billing "$PATRII_BILLING_CONF"
    iniset "$PATRII_BILLING_CONF" oslo_messaging_notifications \
        transport_url "$(get_notification_url)"
    iniset "$PATRII_BILLING_CONF" listener topics "$PATRII_BILLING_TOPIC"
    iniset "$PATRII_BILLING_CONF" billing currency "$PATRII_BILLING_CURRENCY"
    iniset "$PATRII_BILLING_CONF" enforcement dry_run \
        "$PATRII_BILLING_DRY_RUN"
    iniset "$PATRII_BILLING_CONF" mail driver "$PATRII_BILLING_MAIL_DRIVER"
    iniset "$PATRII_BILLING_CONF" mail folder "$PATRII_BILLING_MAIL_FOLDER"
    iniset "$PATRII_BILLING_CONF" mail sender "billing@$(hostname -f)"
    configure_keystoneauth "$PATRII_BILLING_CONF" patrii-billing nova
    iniset "$PATRII_BILLING_CONF" nova region_name "$REGION_NAME"
    configure_patrii_billing_api
}

# The API and, in the same process, the pages.
function configure_patrii_billing_api {
    configure_keystone_authtoken_middleware "$PATRII_BILLING_CONF" \
        patrii-billing
    iniset "$PATRII_BILLING_CONF" web secret "$(openssl rand -hex 32)"
    # Browsers keep the session to themselves where there is no TLS.
    if [[ $PATRII_BILLING_SERVICE_PROTOCOL == http ]]; then
        iniset "$PATRII_BILLING_CONF" web secure_cookies False
    fi
    # Apache stands in front: what it says of the caller counts.
    iniset "$PATRII_BILLING_CONF" oslo_middleware \
        enable_proxy_headers_parsing True
    write_uwsgi_config "$PATRII_BILLING_UWSGI_CONF" "$PATRII_BILLING_UWSGI" \
        /billing '' patrii-billing-api
    iniset "$PATRII_BILLING_UWSGI_CONF" uwsgi env \
        "PATRII_BILLING_CONFIG_FILES=$PATRII_BILLING_CONF"
}

# Before Horizon gathers its files, which DevStack has it do after this.
function configure_patrii_billing_horizon {
    local enabled=$HORIZON_DIR/openstack_dashboard/local/enabled
    cp "$PATRII_BILLING_DIR"/patrii_billing/horizon/enabled/_[0-9]*.py \
        "$enabled/"
    (
        cd "$PATRII_BILLING_DIR/patrii_billing/horizon" || exit
        DJANGO_SETTINGS_MODULE=openstack_dashboard.settings \
            "$PYTHON" -m django compilemessages
    )
}

function init_patrii_billing {
    recreate_database "$PATRII_BILLING_DATABASE"
    # Nova lets nobody but an administrator hold a lock against its owner.
    create_service_user patrii-billing admin
    # Tables, roles, and a place in the catalogue.
    bootstrap_patrii_billing --wait 0
}

function bootstrap_patrii_billing {
    local url
    url=$(patrii_billing_url)
    env -u OS_AUTH_URL "$PATRII_BILLING_BIN_DIR/patrii-billing-manage" \
        --config-file "$PATRII_BILLING_CONF" bootstrap --update \
        --region "$REGION_NAME" --public-url "$url" --internal-url "$url" \
        --admin-url "$url" "$@"
}

function start_patrii_billing {
    local uwsgi
    run_process patrii-billing-engine \
        "$PATRII_BILLING_BIN_DIR/patrii-billing-engine --config-file $PATRII_BILLING_CONF"
    if is_service_enabled patrii-billing-api; then
        uwsgi=$(command -v uwsgi)
        run_process patrii-billing-api \
            "$uwsgi --ini $PATRII_BILLING_UWSGI_CONF"
        if ! wait_for_service "$SERVICE_TIMEOUT" \
            "$(patrii_billing_url)/healthcheck"; then
            die $LINENO 'patrii-billing-api did not start'
        fi
    fi
}

function stop_patrii_billing {
    stop_process patrii-billing-api
    stop_process patrii-billing-engine
}

function cleanup_patrii_billing {
    remove_uwsgi_config "$PATRII_BILLING_UWSGI_CONF" patrii-billing-api
    rm -f "$PATRII_BILLING_CONF"
    rm -rf "$PATRII_BILLING_MAIL_FOLDER"
    if [[ -n ${HORIZON_DIR:-} ]]; then
        rm -f "$HORIZON_DIR"/openstack_dashboard/local/enabled/_3850_billing.py
    fi
}

function patrii_billing_phase {
    local mode=$1
    local phase=${2:-}
    PATRII_BILLING_BIN_DIR=$(get_python_exec_prefix)
    case "$mode $phase" in
    'stack pre-install')
        check_patrii_billing
        ;;
    'stack install')
        echo_summary 'Installing Patrii Billing'
        install_patrii_billing
        ;;
    'stack post-config')
        echo_summary 'Configuring Patrii Billing'
        configure_patrii_billing
        configure_patrii_billing_nova
        if is_service_enabled ceilometer; then
            configure_patrii_billing_ceilometer
        fi
        if is_service_enabled horizon; then
            configure_patrii_billing_horizon
        fi
        ;;
    'stack extra')
        echo_summary 'Starting Patrii Billing'
        init_patrii_billing
        start_patrii_billing
        ;;
    'stack test-config')
        echo_summary 'Looking over Patrii Billing'
        bootstrap_patrii_billing
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

$_XTRACE_PATRII_BILLING
