#!/usr/bin/env bash
# Speed and memory of `credaudit audit` on a mysqldump of a users table, beside Kingfisher (a secret scanner, measured as the
# issue's yardstick) and `rg -c` (one pass over the bytes, the floor), in one run on one machine.
#
#   benches/dump.sh [MEGABYTES]      1000 by default; ten times that for the growth line (GROWTH=no leaves it out)
#
# The table is a web application's of today, about 540 bytes a row; `lean` is the same without its five longest columns, about
# 260 bytes a row, so twice the accounts a byte.
#
# Needs python3 (for Kingfisher's wheel in a virtual environment), Debian's ripgrep and time. Medians of RUNS (3) runs after
# a warm-up, page cache warm; CPU is user + system, memory the peak resident set.
set -euo pipefail
cd "$(dirname "$0")/.."

megabytes=${1:-1000}
runs=${RUNS:-3}
work=${BENCH_DIR:-$(mktemp -d)}
mkdir -p "$work"
trap '[ -n "${BENCH_DIR:-}" ] || rm -rf "$work"' EXIT

for package in ripgrep time; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed' ||
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$package" >/dev/null; }
done
if [ ! -x "$work/venv/bin/kingfisher" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check kingfisher-bin
fi
cargo build --quiet --release --locked --bin credaudit --example users_dump
credaudit=target/release/credaudit

dump() { # megabytes [lean] -> path
  local path="$work/users${2:+-$2}-$1.sql"
  [ -s "$path" ] || target/release/examples/users_dump $(($1 * 1000 * 1000)) ${2:-} >"$path"
  echo "$path"
}

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

base=$(dump "$megabytes")
cat "$base" >/dev/null
bytes=$(stat -c %s "$base")

lean=$(dump "$megabytes" lean)
cat "$lean" >/dev/null
kingfisher=("$work/venv/bin/kingfisher" scan --no-update-check --no-validate --format json --max-file-size 1000000)
# One right after the other, so that all have the same machine.
for ((run = 0; run <= runs; run++)); do
  measure credaudit "$credaudit" audit --quiet --format json "$base"
  measure kingfisher "${kingfisher[@]}" "$base"
  measure resets "$credaudit" audit --quiet --format json --resets "$work/resets.csv" "$base"
  measure rg rg -c "'" "$base"
  measure lean "$credaudit" audit --quiet --format json "$lean"
  measure kingfisher-lean "${kingfisher[@]}" "$lean"
done
grep -q '"accounts"' "$work/credaudit.out" || { echo "credaudit gave no report: $(cat "$work/credaudit.err")" >&2; exit 1; }
scanned=$(grep -o -i 'bytes scanned[^0-9]*[0-9.]* *[KMG]\?i\?B' "$work/kingfisher.err" "$work/kingfisher.out" | tail -n 1 || true)

mb() { awk -v b="$bytes" -v s="$1" 'BEGIN { printf "%.0f", b / 1e6 / s }'; }

printf '\n%s bytes, %s accounts\n' "$bytes" "$(wc -l <"$work/resets.csv")"
[ -n "$scanned" ] && printf 'kingfisher says: %s\n' "$scanned"
printf '%-28s %10s %10s %14s %14s\n' '' 'wall s' 'CPU s' 'MB/CPU-second' 'peak RSS MB'
for name in credaudit resets kingfisher rg lean kingfisher-lean; do
  case "$name" in
    resets) label='credaudit --resets' ;;
    lean) label='credaudit, lean table' ;;
    kingfisher-lean) label='kingfisher, lean table' ;;
    *) label=$name ;;
  esac
  cpu=$(median "$name" 2)
  printf '%-28s %10s %10s %14s %14s\n' "$label" "$(median "$name" 1)" "$cpu" "$(mb "$cpu")" "$(awk -v k="$(median "$name" 3)" 'BEGIN { printf "%.0f", k / 1024 }')"
done

ours=$(mb "$(median credaudit 2)")
theirs=$(mb "$(median kingfisher 2)")
rss=$(awk -v k="$(median credaudit 3)" 'BEGIN { printf "%.0f", k / 1024 }')
growth=not-measured
if [ "${GROWTH:-yes}" = yes ]; then
  large=$(dump $((megabytes * 10)))
  for ((run = 0; run <= runs; run++)); do
    measure tenfold "$credaudit" audit --quiet --format json "$large"
    measure single "$credaudit" audit --quiet --format json "$base"
  done
  growth=$(awk -v a="$(median tenfold 1)" -v b="$(median single 1)" 'BEGIN { printf "%.2f", a / b }')
  printf '%-28s %10s %10s %14s %14s\n' 'credaudit, ten times larger' "$(median tenfold 1)" "$(median tenfold 2)" \
    "$(awk -v b="$(stat -c %s "$large")" -v s="$(median tenfold 2)" 'BEGIN { printf "%.0f", b / 1e6 / s }')" \
    "$(awk -v k="$(median tenfold 3)" 'BEGIN { printf "%.0f", k / 1024 }')"
fi
printf '\nfigures: mb_per_cpu_s=%s kingfisher_mb_per_cpu_s=%s ratio=%s peak_rss_mb=%s growth_10x=%s\n' \
  "$ours" "$theirs" "$(awk -v a="$(median kingfisher 2)" -v b="$(median credaudit 2)" 'BEGIN { printf "%.2f", a / b }')" "$rss" "$growth"
