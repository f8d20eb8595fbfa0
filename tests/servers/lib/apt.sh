# Debian packages: installed where that does no harm, unpacked into the cache where it would
# (Debian's mosquitto starts a service on port 1883). Sourced by setup.sh.

is_debian() { command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; }

# install_packages WHY PACKAGE …: with apt-get when we may, else says what to run.
install_packages() {
  local why=$1
  shift
  is_debian || fail "$why missing, and this is not a Debian system" \
    "install with your package manager what Debian calls: $*"
  [ "$(id -u)" = 0 ] || fail "$why missing, and only root may install packages" \
    "run: sudo apt-get update && sudo apt-get install --no-install-recommends -y $*"
  local log=$cache/apt.log
  : >"$log"
  if ! DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y "$@" >>"$log" 2>&1; then
    logged "$log" apt-get update
    logged "$log" env DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y "$@"
  fi
}

# unpack_from_backports INTO PACKAGE …: downloads the packages, and what they need beyond what is
# installed, and unpacks them below INTO. Needs no root and changes nothing on the system. They
# come from the machine's own Debian sources; the backports suite is added for this call alone.
unpack_from_backports() {
  local into=$1 log=$cache/apt.log
  shift
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
  local apt=$building/apt
  mkdir -p "$apt/sources.d" "$apt/lists/partial" "$apt/cache/archives/partial"
  : >"$log"
  sources_with_backports "$codename" "$apt/sources.d"
  local options=(
    -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/sources.d"
    -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Acquire::Languages=none
  )
  # A source that has no backports suite fails here; whether it matters shows in what comes next.
  apt-get "${options[@]}" update >>"$log" 2>&1 || true
  logged "$log" apt-get "${options[@]}" -y --no-install-recommends --download-only \
    --target-release "$codename-backports" install "$@"
  for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$into"
  done
  rm -rf "$apt"
}

# sources_with_backports CODENAME INTO: the machine's apt sources, both notations, with the
# backports suite beside each mention of the release itself.
sources_with_backports() {
  local codename=$1 into=$2 file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] || continue
    sed -nE "/^deb[[:space:]]/{p;s/[[:space:]]$codename[[:space:]]/ $codename-backports /p}" \
      "$file" >"$into/$(basename "$file" .list).list"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    sed -E "/^Suites:/s/([[:space:]])$codename([[:space:]]|\$)/\1$codename $codename-backports\2/" \
      "$file" >"$into/$(basename "$file")"
  done
}
