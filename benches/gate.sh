#!/usr/bin/env bash
# Speed and memory of `credaudit gate` beside Kingfisher (the fastest secret scanner known to us), in one run on one machine: on part
# of the Linux sources as Debian ships them, on one dump of 200 MB, and on a commit of ten files.
#
#   benches/gate.sh
#
# Both lanes of the gate run: secrets in every text, and the audit of what holds tables. Kingfisher validates nothing, asks for no
# update and gets a limit of file size above the dump's. Needs python3 (for Kingfisher's wheel in a virtual environment) and
# Debian's time. Medians of RUNS (3) runs after a warm-up, page cache warm; CPU is user + system, memory the peak resident set.
# The whole tree and its findings are shown with WHOLE=yes.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${RUNS:-3}
work=${BENCH_DIR:-$(mktemp -d)}
mkdir -p "$work"
trap '[ -n "${BENCH_DIR:-}" ] || rm -rf "$work"' EXIT

dpkg-query -W -f '${db:Status-Status}' time 2>/dev/null | grep -q '^installed' ||
  { apt-get update -qq && apt-get install -qq -y --no-install-recommends time >/dev/null; }
if [ ! -x "$work/venv/bin/kingfisher" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check kingfisher-bin
fi
tree="$work/linux-source-6.1"
if [ ! -d "$tree" ]; then
  (cd "$work" && apt-get download -qq linux-source-6.1 >/dev/null && dpkg -x linux-source-6.1_*.deb package && rm linux-source-6.1_*.deb &&
    tar xJf package/usr/src/linux-source-6.1.tar.xz && rm -r package)
fi
part="$work/part"
if [ ! -d "$part" ]; then
  mkdir "$part"
  for folder in Documentation arch crypto fs include kernel lib mm net; do cp -al "$tree/$folder" "$part/"; done
fi
ten="$work/ten"
if [ ! -d "$ten" ]; then
  mkdir "$ten"
  find "$part/kernel" -name '*.c' -size +8k | LC_ALL=C sort | head -n 10 | xargs -I '{}' cp '{}' "$ten/"
fi
if [ -z "${CREDAUDIT:-}" ]; then
  cargo build --quiet --release --locked --bin credaudit --example users_dump
fi
credaudit=${CREDAUDIT:-target/release/credaudit}
dump="$work/users-200.sql"
[ -s "$dump" ] || "${USERS_DUMP:-target/release/examples/users_dump}" 200000000 >"$dump"

bytes_of() { find "$1" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%.0f", n }'; }
find "$part" "$dump" "$ten" -type f -exec cat {} + >/dev/null

# measure NAME COMMAND…: appends "wall cpu rss_kb" of run number $run, unless it is the warm-up (0), to $work/NAME.times
run=0
rm -f "$work"/*.times
measure() {
  local name=$1
  shift
  /usr/bin/time -f '%e %U %S %M' -o "$work/one" "$@" >"$work/$name.out" 2>"$work/$name.err" || true
  tail -n 1 "$work/one" >"$work/last"
  ((run == 0)) || awk '{ print $1, $2 + $3, $4 }' "$work/last" >>"$work/$name.times"
}
median() { # NAME COLUMN
  sort -n -k "$2,$2" "$work/$1.times" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'
}

kingfisher=("$work/venv/bin/kingfisher" scan --no-update-check --no-validate --format json --max-file-size 1000000)
gate=("$credaudit" gate --quiet --format json --no-config)
# One right after the other, so that both have the same machine.
for ((run = 0; run <= runs; run++)); do
  measure ours-tree "${gate[@]}" "$part"
  measure theirs-tree "${kingfisher[@]}" "$part"
  measure ours-dump "${gate[@]}" "$dump"
  measure theirs-dump "${kingfisher[@]}" "$dump"
done
for ((run = 0; run <= 5 * runs; run++)); do
  measure ours-ten "${gate[@]}" "$ten"
done
grep -q '"gate"' "$work/ours-tree.out" || { echo "credaudit gave no report: $(cat "$work/ours-tree.err")" >&2; exit 1; }

tree_bytes=$(bytes_of "$part")
dump_bytes=$(stat -c %s "$dump")
rate() { awk -v b="$1" -v s="$2" 'BEGIN { printf "%.0f", (s > 0 ? b / 1e6 / s : 0) }'; }
mib() { awk -v k="$1" 'BEGIN { printf "%.0f", k / 1024 }'; }

printf '\n%s bytes of sources, %s bytes of dump\n' "$tree_bytes" "$dump_bytes"
printf '%-24s %10s %10s %14s %10s %14s\n' '' 'wall s' 'CPU s' 'MB/CPU-second' 'MB/s' 'peak RSS MB'
for name in ours-tree theirs-tree ours-dump theirs-dump; do
  case "$name" in *-tree) bytes=$tree_bytes ;; *) bytes=$dump_bytes ;; esac
  case "$name" in ours-*) label="credaudit, ${name#*-}" ;; *) label="kingfisher, ${name#*-}" ;; esac
  printf '%-24s %10s %10s %14s %10s %14s\n' "$label" "$(median "$name" 1)" "$(median "$name" 2)" "$(rate "$bytes" "$(median "$name" 2)")" \
    "$(rate "$bytes" "$(median "$name" 1)")" "$(mib "$(median "$name" 3)")"
done
if [ "${WHOLE:-no}" = yes ]; then
  "${gate[@]}" "$tree" >"$work/whole.json" 2>/dev/null || true
  python3 - "$work/whole.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
print(f"\nwhole tree: {report['gate']['searched']} bytes, {len(report['findings'])} findings")
for finding in report["findings"]:
    print(f"  {finding['rule']} {finding['confidence']} % {finding.get('path')}:{finding.get('line')}")
PY
fi
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", (a > 0 ? b / a : 0) }'; }
peak=$(mib "$(printf '%s\n%s\n' "$(median ours-tree 3)" "$(median ours-dump 3)" | sort -n | tail -n 1)")
printf '\nfigures: tree_ratio=%s dump_ratio=%s tree_mb_cpu_s=%s peak_rss_mb=%s ten_files_ms=%s\n' \
  "$(ratio "$(median ours-tree 2)" "$(median theirs-tree 2)")" "$(ratio "$(median ours-dump 2)" "$(median theirs-dump 2)")" \
  "$(rate "$tree_bytes" "$(median ours-tree 2)")" "$peak" "$(awk -v s="$(median ours-ten 1)" 'BEGIN { printf "%.0f", s * 1000 }')"
