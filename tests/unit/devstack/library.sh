# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What the plugin calls of DevStack's library, as far as it writes files.

function define_plugin { :; }
function enable_service { ENABLED_SERVICES+=",$1"; }

function is_service_enabled {
    [[ ,$ENABLED_SERVICES, == *",$1,"* ]] && return
    [[ $1 == nova && $ENABLED_SERVICES == *,n-* ]] && return
    [[ $(type -t "is_$1_enabled") == function ]] && "is_$1_enabled"
}

function iniset {
    local file=$1 section=$2 line="$3 = $4"
    if ! grep -qsF "[$section]" "$file"; then
        printf '\n[%s]\n' "$section" >> "$file"
    fi
    sed -i -e "/^\[$section\]/,/^\[/{/^$3 = /d}" \
        -e "/^\[$section\]/a $line" "$file"
}

function get_notification_url {
    [[ -z $RABBIT_HOST ]] ||
        echo "rabbit://$RABBIT_USERID:$RABBIT_PASSWORD@$RABBIT_HOST:5672/"
}

function iniset_rpc_backend {
    iniset "$2" DEFAULT transport_url "$(get_notification_url)"
}

function database_connection_url { echo "$BASE_SQL_CONN/$1?charset=utf8"; }

function setup_logging { iniset "$1" DEFAULT log_color "$LOG_COLOR"; }

function configure_keystoneauth {
    iniset "$1" "$3" auth_type password
    iniset "$1" "$3" interface public
    iniset "$1" "$3" auth_url "$KEYSTONE_SERVICE_URI"
    iniset "$1" "$3" username "$2"
    iniset "$1" "$3" password "$SERVICE_PASSWORD"
    iniset "$1" "$3" user_domain_name "$SERVICE_DOMAIN_NAME"
    iniset "$1" "$3" project_name "$SERVICE_PROJECT_NAME"
    iniset "$1" "$3" project_domain_name "$SERVICE_DOMAIN_NAME"
}

function configure_keystone_authtoken_middleware {
    configure_keystoneauth "$1" "$2" keystone_authtoken
    iniset "$1" keystone_authtoken memcached_servers "$MEMCACHE_SERVERS"
}

function write_uwsgi_config {
    iniset "$1" uwsgi module "$2"
    iniset "$1" uwsgi socket "/var/run/uwsgi/$5.socket"
    enable_apache_site "$5"
}

function remove_uwsgi_config {
    rm -f "$1"
    disable_apache_site "$2"
}
