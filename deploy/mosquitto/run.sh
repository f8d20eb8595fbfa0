#!/bin/sh
# Runs mosquitto, and makes it read passwords, rights and certificates again when they change:
# a password given or taken away holds within seconds, and no connection is lost.
#
#   run.sh [mosquitto.conf]       MOSQUITTO names another program, LOOK_EVERY_S another pause (2)
#
# Where something else starts mosquitto, `kill -HUP` after each change does the same.
set -eu

config=${1:-/etc/mosquitto/mosquitto.conf}
program=${MOSQUITTO:-mosquitto}
pause=${LOOK_EVERY_S:-2}

# The files that the configuration names, whatever it calls them.
files_of() {
  sed -nE 's/^(cafile|certfile|keyfile|crlfile|password_file|acl_file)[[:space:]]+//p' "$config" | sort -u
}

# What they hold, as one line.
print_of() {
  files_of | while read -r file; do cksum "$file" 2>/dev/null || echo "no $file"; done | cksum
}

# Until there are any nobody may come in, and nothing may be done.
sed -nE 's/^(password_file|acl_file)[[:space:]]+//p' "$config" | while read -r file; do
  [ -e "$file" ] || (umask 077 && : >"$file")
done

# Beside the broker, which takes this process over and with it every signal, for as long as it runs.
watch() {
  while sleep "$pause" && kill -0 "$$"; do
    now=$(print_of)
    [ "$now" = "$read_last" ] || kill -HUP "$$"
    read_last=$now
  done
}

read_last=$(print_of)
watch >/dev/null 2>&1 &
exec "$program" -c "$config"
