# Telegraf with just the plugins that the side-by-side benchmark drives. Sourced by setup.sh.

telegraf_version=1.37.2
telegraf_tags=custom,inputs.mqtt_consumer,outputs.influxdb_v2,parsers.json_v2

set_up_telegraf() {
  local program=$cache/telegraf-$telegraf_version/telegraf
  outcome="telegraf $telegraf_version: found"
  if ! "$program" --version >/dev/null 2>&1; then
    build_telegraf
    outcome="telegraf $telegraf_version: built"
  fi
  env_paths[TELEGRAF]=$program
}

build_telegraf() {
  say "setup: building telegraf $telegraf_version, once: under a minute (log: $cache/telegraf.log)"
  need_go
  local log=$cache/telegraf.log
  : >"$log"
  new_building telegraf
  (
    go_build_environment
    export CGO_ENABLED=0
    logged "$log" go install -trimpath -tags "$telegraf_tags" \
      -ldflags "-s -w -X github.com/influxdata/telegraf/internal.Version=$telegraf_version" \
      "github.com/influxdata/telegraf/cmd/telegraf@v$telegraf_version"
    mv "$building/bin/telegraf" "$building/telegraf"
  )
  drop_go_leavings
  logged "$log" "$building/telegraf" --version
  keep_building "telegraf-$telegraf_version"
}
