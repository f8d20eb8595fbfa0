#!/usr/bin/env bash
# An authority of one's own: certificates for the broker, for firemain and for devices.
#
#   ca.sh init ["Name of the authority"]   make the authority: ca.crt goes to everybody, ca.key to nobody
#   ca.sh server NAME HOST_OR_ADDRESS…     a certificate for a server, for each name people call it by
#   ca.sh client NAME                      one for a device (its device id) or for firemain: its login is NAME
#   ca.sh renew NAME                       the same again, good from now, with a new key
#   ca.sh renew-due DAYS                   renew whatever ends within DAYS days, and say what
#   ca.sh revoke NAME                      void from now on: crl.pem says so to the broker
#   ca.sh list                             what there is, and until when
#
# Everything lies in CA_DIR (./ca unless set). Certificates are good for CA_DAYS days (397), the
# authority for 3,650. Keys are on the curve P-256, which small devices can do.
set -euo pipefail

dir=${CA_DIR:-./ca}
days=${CA_DAYS:-397}
# Brokers refuse everybody once the list of revoked certificates has run out, so it never does: it
# is written anew at each revocation.
authority_days=3650

fail() {
  printf 'ca: %s\n' "$@" >&2
  exit 1
}

say() { printf 'ca: %s\n' "$*"; }

usage() {
  sed -nE '3,10s/^# ?//p' "${BASH_SOURCE[0]}"
  exit 2
}

# What openssl says is of interest only when it fails.
quietly() {
  local said
  said=$("$@" 2>&1) || fail "$said" "while running: $*"
}

needs_authority() {
  [ -f "$dir/ca.key" ] || fail "there is no authority in $dir: ca.sh init makes one (CA_DIR names another folder)"
}

# A name becomes a file and a login: nothing that could mean more there.
check_name() {
  [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$ ]] ||
    fail "'$1' cannot be a name: letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit"
  [ "$1" != ca ] || fail "'ca' is the authority itself"
}

openssl_config() {
  cat <<CONFIG
[ca]
default_ca = here
[here]
new_certs_dir = $dir/issued
database = $dir/index.txt
serial = $dir/serial
certificate = $dir/ca.crt
private_key = $dir/ca.key
default_md = sha256
default_crl_days = $authority_days
unique_subject = no
policy = names
[names]
commonName = supplied
[req]
distinguished_name = nothing
[nothing]
CONFIG
}

init() {
  local name=${1:-firemain authority}
  [ ! -e "$dir/ca.key" ] || fail "there is an authority in $dir already; another would make all its certificates void"
  mkdir -p "$dir/issued"
  chmod 700 "$dir" "$dir/issued"
  : >"$dir/index.txt"
  openssl rand -hex 16 >"$dir/serial"
  openssl_config >"$dir/openssl.cnf"
  quietly openssl req -config "$dir/openssl.cnf" -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -keyout "$dir/ca.key" -out "$dir/ca.crt" -days "$authority_days" -subj "/CN=$name" \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign'
  chmod 644 "$dir/ca.crt"
  write_crl
  say "made the authority '$name' in $dir; keep ca.key off the servers, and a copy of the folder in a safe"
}

# The kind and the names of a certificate are kept beside it, so that it can be renewed.
describe() {
  local name=$1 kind=$2
  shift 2
  local host names=()
  for host in "$@"; do
    if [[ $host =~ ^[0-9.]+$ || $host == *:* ]]; then names+=("IP:$host"); else names+=("DNS:$host"); fi
  done
  {
    echo 'basicConstraints = critical,CA:FALSE'
    echo 'keyUsage = critical,digitalSignature'
    echo "extendedKeyUsage = ${kind}Auth"
    [ ${#names[@]} -eq 0 ] || (IFS=,; echo "subjectAltName = ${names[*]}")
  } >"$dir/$name.ext"
}

# Whole or not at all: who reads the files meanwhile finds a pair that goes together, or is asked
# to read them again by the next change.
issue() {
  local name=$1
  openssl_config >"$dir/openssl.cnf"
  quietly openssl req -config "$dir/openssl.cnf" -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -keyout "$dir/$name.key.new" -out "$dir/$name.csr" -subj "/CN=$name"
  quietly openssl ca -batch -config "$dir/openssl.cnf" -notext -days "$days" \
    -extfile "$dir/$name.ext" -in "$dir/$name.csr" -out "$dir/$name.crt.new"
  rm -f "$dir/$name.csr"
  chmod 644 "$dir/$name.crt.new"
  mv -f "$dir/$name.key.new" "$dir/$name.key"
  mv -f "$dir/$name.crt.new" "$dir/$name.crt"
  say "$name: $dir/$name.crt and $name.key, good until $(ends "$name")"
}

ends() { openssl x509 -in "$dir/$1.crt" -noout -enddate | cut -d= -f2; }

new() {
  local kind=$1 name=$2
  shift 2
  check_name "$name"
  needs_authority
  [ ! -e "$dir/$name.crt" ] || fail "$name has a certificate until $(ends "$name"): ca.sh renew $name, or revoke it first"
  describe "$name" "$kind" "$@"
  issue "$name"
}

known() {
  check_name "$1"
  needs_authority
  [ -f "$dir/$1.crt" ] || fail "there is no certificate of '$1' in $dir: ca.sh list lists them"
}

renew_due() {
  [[ $1 =~ ^[0-9]+$ ]] || fail "'$1' is no number of days"
  needs_authority
  local cert name
  for cert in "$dir"/*.crt; do
    name=$(basename "$cert" .crt)
    openssl x509 -in "$cert" -noout -checkend $(($1 * 86400)) >/dev/null && continue
    if [ "$name" = ca ]; then
      say "the authority itself ends on $(ends ca): make another, and give its ca.crt to every device beside this one"
    else
      issue "$name"
    fi
  done
}

# Every certificate that was ever issued to it, renewed ones too.
revoke() {
  local name=$1 serial
  while read -r serial; do
    quietly openssl ca -config "$dir/openssl.cnf" -revoke "$dir/issued/$serial.pem"
  done < <(awk -F'\t' -v subject="/CN=$name" '$1 == "V" && $6 == subject { print $4 }' "$dir/index.txt")
  write_crl
  mkdir -p "$dir/revoked"
  mv -f "$dir/$name".{crt,key,ext} "$dir/revoked/"
  say "$name is void; give $dir/crl.pem to the broker"
}

write_crl() {
  quietly openssl ca -config "$dir/openssl.cnf" -gencrl -out "$dir/crl.pem.new"
  chmod 644 "$dir/crl.pem.new"
  mv -f "$dir/crl.pem.new" "$dir/crl.pem"
}

list() {
  needs_authority
  local cert name
  for cert in "$dir"/*.crt; do
    name=$(basename "$cert" .crt)
    printf '%-40s %s\n' "$name" "$(ends "$name")"
  done
}

umask 077
command=${1:-}
[ $# -gt 0 ] && shift
case $command in
  init) if [ $# -le 1 ]; then init "$@"; else usage; fi ;;
  server) if [ $# -ge 2 ]; then new server "$@"; else usage; fi ;;
  client) if [ $# -eq 1 ]; then new client "$@"; else usage; fi ;;
  renew) if [ $# -eq 1 ]; then known "$1"; issue "$1"; else usage; fi ;;
  renew-due) if [ $# -eq 1 ]; then renew_due "$1"; else usage; fi ;;
  revoke) if [ $# -eq 1 ]; then known "$1"; revoke "$1"; else usage; fi ;;
  list) list ;;
  *) usage ;;
esac
