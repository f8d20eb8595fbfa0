# mosquitto, the broker, with mosquitto_pub, mosquitto_sub and mosquitto_passwd. Sourced by setup.sh.
# Older than 2.0.18 will not do: 2.0.11 ignores `max_inflight_messages`.

mosquitto_wanted=2.0.18

set_up_mosquitto() {
  local folder
  if mosquitto_complete "$(on_path mosquitto)" "$(on_path mosquitto_pub)"; then
    found_mosquitto "found"
    return
  fi
  for folder in "$cache"/mosquitto-*; do
    if mosquitto_complete "$folder/bin/mosquitto" "$folder/bin/mosquitto_pub"; then
      found_mosquitto "found"
      return
    fi
  done
  unpack_mosquitto
}

# Debian keeps the broker where only root's PATH looks.
on_path() { PATH=$PATH:/usr/local/sbin:/usr/sbin command -v "$1" || true; }

# mosquitto_complete BROKER PUB: both run, and are new enough. Leaves what it saw for the caller.
mosquitto_complete() {
  mosquitto_path=$1 mosquitto_pub_path=$2 mosquitto_version=
  [ -x "$1" ] && [ -x "$2" ] || return 1
  mosquitto_version=$({ "$1" -h 2>/dev/null || true; } | sed -n 's/^mosquitto version //p')
  [ -n "$mosquitto_version" ] && at_least "$mosquitto_version" "$mosquitto_wanted" &&
    [[ $("$2" --help 2>/dev/null) == mosquitto_pub* ]]
}

unpack_mosquitto() {
  is_debian || fail "mosquitto $mosquitto_wanted or newer is missing, and this is not a Debian system" \
    "install mosquitto and its clients with your package manager"
  new_building mosquitto
  unpack_from_backports "$building" mosquitto mosquitto-clients
  mkdir "$building/bin"
  local program
  for program in sbin/mosquitto bin/mosquitto_pub bin/mosquitto_sub bin/mosquitto_passwd; do
    wrap_with_own_libraries "$program"
  done
  mosquitto_complete "$building/bin/mosquitto" "$building/bin/mosquitto_pub" ||
    fail "the distribution's mosquitto ${mosquitto_version:-} does not run or is older than $mosquitto_wanted" \
      "install a newer one and put it on PATH"
  keep_building "mosquitto-$mosquitto_version"
  mosquitto_complete "$cache/mosquitto-$mosquitto_version"/bin/mosquitto{,_pub}
  found_mosquitto "unpacked"
}

# The libraries lie beside the program, not where the loader looks. `exec` keeps the process id.
wrap_with_own_libraries() {
  local wrapper=$building/bin/${1##*/}
  cat >"$wrapper" <<'EOF'
#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
for folder in "$here"/usr/lib/*-linux-gnu*; do
  LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
EOF
  echo "exec \"\$here/usr/$1\" \"\$@\"" >>"$wrapper"
  chmod 755 "$wrapper"
}

found_mosquitto() {
  outcome="mosquitto $mosquitto_version: $1"
  env_paths[MOSQUITTO]=$mosquitto_path
  local folder=${mosquitto_pub_path%/*}
  env_paths[MOSQUITTO_PUB]=$folder/mosquitto_pub
  env_paths[MOSQUITTO_SUB]=$folder/mosquitto_sub
  env_paths[MOSQUITTO_PASSWD]=$folder/mosquitto_passwd
}
