# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2317,SC2329
# What a run of DevStack has set when it comes to plugins. $WORK is a folder
# for all that is written, $CALLS the file where calls are told.
set -o errexit

DEST=$WORK
DATA_DIR=$WORK/data
STACK_USER=$(id -un)
ENABLE_DEBUG_LOG_LEVEL=True
LOG_COLOR=True
API_WORKERS=2
WORKER_TIMEOUT=80
SERVICE_TIMEOUT=60
PYTHON=told_python

SERVICE_PROTOCOL=http
SERVICE_HOST=192.0.2.10
SERVICE_PASSWORD=secret
SERVICE_DOMAIN_NAME=Default
SERVICE_PROJECT_NAME=service
REGION_NAME=RegionOne
KEYSTONE_SERVICE_URI=http://192.0.2.10/identity
SSL_BUNDLE_FILE=$DATA_DIR/ca-bundle.pem
MEMCACHE_SERVERS=localhost:11211
RABBIT_USERID=stackrabbit
RABBIT_PASSWORD=secret
RABBIT_HOST=192.0.2.10
DATABASE_TYPE=mysql
BASE_SQL_CONN=mysql+pymysql://root:secret@127.0.0.1

NOVA_CONF_DIR=$WORK/nova
NOVA_CONF=$NOVA_CONF_DIR/nova.conf
NOVA_NUM_CELLS=1
CEILOMETER_CONF_DIR=$WORK/ceilometer
CEILOMETER_CONF=$CEILOMETER_CONF_DIR/ceilometer.conf
HORIZON_DIR=$WORK/horizon
PATRII_BILLING_CONF_DIR=$WORK/etc
PATRII_BILLING_DIR=$PROJECT
PATRII_BILLING_MAIL_FOLDER=$WORK/mails

mkdir -p "$WORK"/{bin,data,nova,ceilometer} \
    "$HORIZON_DIR/openstack_dashboard/local/enabled"

# Ceilometer's own plugin says so.
function is_ceilometer_enabled { [[ ,$ENABLED_SERVICES == *,ceilometer-* ]]; }
function told { echo "$*" >> "$CALLS"; }
function told_python { told python "$@"; }

# What would reach beyond the folder is told instead.
function reach_no_further {
    function sudo { "$@"; }
    function install { mkdir -p "${@: -1}"; }
    function systemd-tmpfiles { :; }
    function tee {
        local file=${*: -1}
        [[ $file == "$WORK"/* ]] || file=/dev/null
        cat >> "$file"
    }
    function echo_summary { :; }
    function setup_develop { told develop "${@:2}"; }
    function recreate_database { told database "$@"; }
    function create_service_user { told user "$@"; }
    function run_process { told run "$@"; }
    function stop_process { told stop "$@"; }
    function wait_for_service { told wait "$@"; }
    function apache_site_config_for { echo "$WORK/apache-$1.conf"; }
    function enable_apache_site { told site "$@"; }
    function disable_apache_site { told no site "$@"; }
    function restart_apache_server { :; }
    function get_python_exec_prefix { echo "$WORK/bin"; }
    function uwsgi { :; }
    function conductor_conf { echo "$NOVA_CONF_DIR/nova_cell$1.conf"; }
    function die { echo "${*:2}" >&2; exit 1; }
}

printf '#!/bin/sh\necho "manage $*" >> "%s"\n' "$CALLS" \
    > "$WORK/bin/patrii-billing-manage"
chmod +x "$WORK/bin/patrii-billing-manage"
