# VictoriaMetrics, single node. Sourced by setup.sh.

victoriametrics_version=1.151.0

set_up_victoriametrics() {
  local program=$cache/victoriametrics-$victoriametrics_version/victoria-metrics
  outcome="victoriametrics $victoriametrics_version: found"
  if ! "$program" --version >/dev/null 2>&1; then
    build_victoriametrics
    outcome="victoriametrics $victoriametrics_version: built"
  fi
  env_paths[VICTORIAMETRICS]=$program
}

build_victoriametrics() {
  say "setup: building victoriametrics $victoriametrics_version, once: under a minute (log: $cache/victoriametrics.log)"
  need_go
  local log=$cache/victoriametrics.log
  : >"$log"
  new_building victoriametrics
  (
    go_build_environment
    logged "$log" go install -trimpath -ldflags "-s -w" \
      "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics@v$victoriametrics_version"
    mv "$building/bin/victoria-metrics" "$building/victoria-metrics"
  )
  drop_go_leavings
  logged "$log" "$building/victoria-metrics" --version
  keep_building "victoriametrics-$victoriametrics_version"
}
