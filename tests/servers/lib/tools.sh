# From the distribution: what compiling needs, a tracer, a clock faker. Sourced by setup.sh.

set_up_compilers() {
  outcome="cargo, pkg-config, gcc, g++, OpenSSL's headers: found"
  command -v cargo >/dev/null ||
    fail "cargo is missing" "install rustup, Rust's installer; it reads rust-toolchain.toml by itself"
  local missing=()
  command -v pkg-config >/dev/null || missing+=(pkg-config)
  command -v gcc >/dev/null || missing+=(gcc libc6-dev)
  command -v g++ >/dev/null || missing+=(g++)
  pkg-config --exists openssl 2>/dev/null || missing+=(libssl-dev)
  [ ${#missing[@]} -gt 0 ] || return 0
  install_packages "what compiling needs is" "${missing[@]}"
  outcome="${missing[*]}: installed"
}

set_up_strace() { set_up_tool strace STRACE; }
set_up_faketime() { set_up_tool faketime FAKETIME; }

# set_up_tool NAME ENV_NAME: a command whose Debian package is called the same.
set_up_tool() {
  outcome="$1: found"
  if ! command -v "$1" >/dev/null; then
    install_packages "$1 is" "$1"
    outcome="$1: installed"
  fi
  env_paths[$2]=$(command -v "$1")
}
