# A Go tool chain. Any from 1.21 will do: it fetches the newer one that a module asks for by itself.
# Sourced by setup.sh.

go_wanted=1.21

# Puts a usable `go` on PATH: the one that is there, else Debian's, unpacked into the cache.
need_go() {
  local version root
  version=$(go env GOVERSION 2>/dev/null | sed 's/^go//' || true)
  if [ -n "$version" ] && at_least "$version" "$go_wanted"; then
    return
  fi
  for root in "$cache"/golang-*/usr/lib/go-*; do
    [ ! -x "$root/bin/go" ] || export PATH="$root/bin:$PATH" GOROOT="$root"
  done
  [ -z "${GOROOT:-}" ] || return 0
  is_debian || fail "Go $go_wanted or newer is missing" "install it from your distribution"
  new_building golang
  unpack_from_backports "$building" golang-1.23-go golang-1.23-src
  keep_building golang-1.23
  need_go
}

# go_build_environment: Go's own caches inside the building, so that nothing of it stays.
go_build_environment() {
  export GOPATH=$building/go GOCACHE=$building/go-build GOBIN=$building/bin GOTMPDIR=$building
  export GOFLAGS="-modcacherw -buildvcs=false" GOWORK=off CGO_ENABLED=1
  unset GOMODCACHE
}

# Everything but the finished program goes.
drop_go_leavings() { rm -rf "$building/go" "$building/go-build" "$building/bin" "$building/module"; }
