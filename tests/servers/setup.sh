#!/usr/bin/env bash
# Finds or sets up the real servers that the system tests talk to.
#
#   tests/servers/setup.sh              everything the tests need
#   tests/servers/setup.sh telegraf     Telegraf, which only the side-by-side benchmark needs
#   tests/servers/setup.sh mosquitto influxd strace …    just these
#
# Nothing is installed as a service, nothing outside the cache folder is written except by
# apt-get, for the compilers and tracers, and then only as root. Each server lies in
#   ${XDG_CACHE_HOME:-$HOME/.cache}/firemain/servers/<name>-<version>/
# which appears whole or not at all: a build that was cut short leaves nothing behind that a
# later run could take for finished. Ends by writing servers.env there, which the tests read.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/servers/lib/cache.sh
source "$here/lib/cache.sh"
# shellcheck source=tests/servers/lib/apt.sh
source "$here/lib/apt.sh"
# shellcheck source=tests/servers/lib/tools.sh
source "$here/lib/tools.sh"
# shellcheck source=tests/servers/lib/go.sh
source "$here/lib/go.sh"
# shellcheck source=tests/servers/lib/mosquitto.sh
source "$here/lib/mosquitto.sh"
# shellcheck source=tests/servers/lib/influxd.sh
source "$here/lib/influxd.sh"
# shellcheck source=tests/servers/lib/victoriametrics.sh
source "$here/lib/victoriametrics.sh"
# shellcheck source=tests/servers/lib/telegraf.sh
source "$here/lib/telegraf.sh"

[ $# -gt 0 ] || set -- compilers strace faketime mosquitto influxd victoriametrics

one_setup_at_a_time
for part in "$@"; do
  case $part in
    compilers | strace | faketime | mosquitto | influxd | victoriametrics | telegraf) timed "set_up_$part" ;;
    *) fail "unknown server '$part'" "known: compilers strace faketime mosquitto influxd victoriametrics telegraf" ;;
  esac
done
write_env_file
