# influxd 2, built from its sources: the whole API, without the user interface. Sourced by setup.sh.

influxd_version=2.7.12
flux_pkg_config_version=0.2.7

set_up_influxd() {
  local program=$cache/influxd-$influxd_version/influxd
  outcome="influxd $influxd_version: found"
  if ! "$program" version >/dev/null 2>&1; then
    build_influxd
    outcome="influxd $influxd_version: built"
  fi
  env_paths[INFLUXD]=$program
}

build_influxd() {
  say "setup: building influxd $influxd_version, once: five minutes on two idle cores (log: $cache/influxd.log)"
  need_go
  command -v cargo >/dev/null || fail "influxd's Flux library needs Rust" "install rustup, then run this again"
  local log=$cache/influxd.log
  : >"$log"
  new_building influxd
  (
    go_build_environment
    rust_for_flux
    logged "$log" go install "github.com/influxdata/pkg-config@v$flux_pkg_config_version"
    cp -r "$here/influxd" "$building/module"
    cd "$building/module"
    PATH=$building/bin:$PATH logged "$log" go build -mod=mod -trimpath \
      -tags sqlite_foreign_keys,sqlite_json -ldflags "-s -w -X main.version=$influxd_version" \
      -o "$building/influxd" github.com/influxdata/influxdb/v2/cmd/influxd
  )
  drop_go_leavings
  logged "$log" "$building/influxd" version
  keep_building "influxd-$influxd_version"
}

# Flux pins an old Rust and denies warnings, which newer compilers have more of. RUSTFLAGS does
# not reach it; a compiler wrapper does. Its build looks for its output in its own target folder.
rust_for_flux() {
  RUSTUP_TOOLCHAIN=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$here/../../rust-toolchain.toml")
  export RUSTUP_TOOLCHAIN RUSTC_WRAPPER=$building/bin/rustc-that-only-warns
  unset CARGO_TARGET_DIR CARGO_BUILD_TARGET CARGO_BUILD_TARGET_DIR RUSTFLAGS CARGO_INCREMENTAL
  mkdir -p "$building/bin"
  printf '#!/bin/sh\nexec "$@" --cap-lints warn\n' >"$RUSTC_WRAPPER"
  chmod 755 "$RUSTC_WRAPPER"
}
