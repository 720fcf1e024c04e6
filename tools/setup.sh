# SPDX-License-Identifier: Apache-2.0
# What tools/test and tools/demo need of the machine before Python can run.
# Sourced, never run; $root is the top of the project.
# shellcheck shell=sh disable=SC2154

# Debian's packages, installed only where one is missing.
need_packages() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
            grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    echo "installing$missing" >&2
    # shellcheck disable=SC2086 # both are lists of words
    if ! {
        $as_root apt-get update -q &&
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qy \
            --no-install-recommends $missing
    } >"$root/.logs/apt.log" 2>&1 </dev/null; then
        tail -n 20 "$root/.logs/apt.log" >&2
        echo "could not install$missing (log: .logs/apt.log)" >&2
        return 1
    fi
}

# The oldest supported Python that really starts: a version manager's stub may
# stand on the PATH for one that is not there.
find_python() {
    for python in python3.11 python3.12 python3.13 python3; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo 'Python 3.11 or newer is needed' >&2
    return 1
}

# The project's own environment with what is asked for, as constraints.txt
# pins it. Nothing is done where nothing changed since the last time.
need_venv() {
    venv=$root/.venv
    stamp=$venv/.installed-$1
    shift
    if [ ! -x "$venv/bin/pip" ]; then
        rm -rf "$venv"
        "$(find_python)" -m venv "$venv"
    fi
    for file in constraints.txt requirements.txt setup.cfg; do
        if [ ! "$stamp" -nt "$root/$file" ]; then
            echo "installing into .venv: $*" >&2
            "$venv/bin/pip" --disable-pip-version-check install --quiet \
                --constraint "$root/constraints.txt" "$@" \
                >"$root/.logs/pip.log" 2>&1 || {
                tail -n 20 "$root/.logs/pip.log" >&2
                return 1
            }
            touch "$stamp"
            return
        fi
    done
}

# What pip was told, by its variables or its file: $1, an option of [global].
told_to_pip() {
    variable=PIP_$(printf %s "$1" | tr 'a-z-' 'A-Z_')
    eval "value=\${$variable:-}"
    [ -n "$value" ] ||
        value=$("$root/.venv/bin/pip" config get "global.$1" 2>/dev/null) || :
    printf '%s' "$value" | tr '\n' ' '
}

# uv fills the environments, many times quicker, and reads nothing that was
# said to pip: the same indexes, of which the best version counts.
let_uv_follow_pip() {
    for pair in UV_DEFAULT_INDEX=index-url UV_INDEX=extra-index-url \
        UV_FIND_LINKS=find-links SSL_CERT_FILE=cert; do
        told=$(told_to_pip "${pair#*=}")
        [ -z "$told" ] || export "${pair%%=*}=$told"
    done
    export UV_INDEX_STRATEGY=unsafe-best-match UV_SYSTEM_CERTS=true \
        UV_PYTHON_DOWNLOADS=never
}

mkdir -p "$root/.logs"
