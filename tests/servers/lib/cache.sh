# The cache folder, what is in it, and how this script speaks. Sourced by setup.sh.

cache=${FIREMAIN_SERVERS_DIR:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/firemain/servers}
mkdir -p "$cache"

say() { printf '%s\n' "$*" >&2; }

# fail WHAT [WHAT TO DO …]: says both and stops.
fail() {
  say "setup: $1"
  shift
  for line in "$@"; do say "       $line"; done
  exit 1
}

# Two clones testing at once share the cache; the second waits for the first.
one_setup_at_a_time() {
  exec 9>"$cache/.lock"
  if ! flock --nonblock 9; then
    say "setup: waiting for another set-up of the test servers to finish"
    flock 9
  fi
  rm -rf "$cache"/.building-*
}

# timed FUNCTION: runs it and prints the line it put into `outcome`, with the time it took.
timed() {
  local began=$EPOCHREALTIME
  outcome=
  "$1"
  say "$(awk -v a="$began" -v b="$EPOCHREALTIME" -v what="$outcome" \
    'BEGIN { printf "setup: %-58s %7.1f s", what, b - a }')"
}

# new_building NAME: an empty folder beside its later place, so that moving it there is atomic.
new_building() {
  building=$(mktemp -d "$cache/.building-$1-XXXXXX")
  chmod 755 "$building"
}

# keep_building NAME-VERSION: from here on it counts as there.
keep_building() {
  rm -rf "${cache:?}/$1"
  sync -f "$building"
  mv -T "$building" "$cache/$1"
}

# logged LOG COMMAND …: its output into LOG; the log's end is shown only when it fails.
logged() {
  local log=$1
  shift
  if ! "$@" >>"$log" 2>&1; then
    tail -n 30 "$log" >&2
    fail "failed: $*" "the whole log: $log"
  fi
}

# at_least HAVE WANT: compares versions.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

env_names=(MOSQUITTO MOSQUITTO_PUB MOSQUITTO_SUB MOSQUITTO_PASSWD INFLUXD VICTORIAMETRICS STRACE FAKETIME TELEGRAF)
declare -A env_paths=()

# Lines of parts that this run did not look at stay as they are.
write_env_file() {
  local file=$cache/servers.env name path
  new_building env
  for name in "${env_names[@]}"; do
    path=${env_paths[$name]:-}
    [ -n "$path" ] || path=$(sed -n "s/^FIREMAIN_TEST_$name=//p" "$file" 2>/dev/null || true)
    if [ -n "$path" ] && [ -e "$path" ]; then
      echo "FIREMAIN_TEST_$name=$path"
    fi
  done >"$building/servers.env"
  mv "$building/servers.env" "$file"
  rmdir "$building"
  cat "$file"
  say "setup: written to $file"
}
