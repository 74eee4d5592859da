#!/usr/bin/env bash
# Size and speed of breach corpora: building, asking, serving. In one run on one machine, beside the figures of other
# stores that were measured with 50 million SHA-1s on one core.
#
#   benches/breach.sh [MILLIONS]      50 by default
#
# GROWTH="5 50 500" (millions; empty leaves it out) adds corpora of several sizes, made up while they are built. Space: 26
# bytes a digest for the records, 48 for the text, 31 for the corpora; 7.5 for those of GROWTH. BENCH_DIR keeps the files.
#
# The digests are SHA-1s of "pw0", "pw1" ..., half of them seen once, one in 256 more than 255 times. Half of the questions are
# about digests that are there. "Single" asks one question after the other, of digests in no order; "bulk" two million sorted
# ones, "unsorted" the same in no order. Speed is per second of processor time on one thread, page cache warm, median of five;
# building is user + system time of the whole program, median of RUNS (3), memory its peak resident set.
#
# Growth: all sizes are asked in turn, RUNS times, and the median of these counts, so that what else the machine does meets all
# of them.
#
# The server is measured by benches/serve.sh: requests, and bytes, per second of the server's own processor time.
set -euo pipefail
cd "$(dirname "$0")/.."

millions=${1:-50}
runs=${RUNS:-3}
growth=${GROWTH-5 50 500}
n=$((millions * 1000 * 1000))
work=${BENCH_DIR:-$(mktemp -d)}
mkdir -p "$work"
finish() { [ -n "${BENCH_DIR:-}" ] || rm -rf "$work"; }
trap finish EXIT

[ -x /usr/bin/time ] || { apt-get update -qq && apt-get install -qq -y --no-install-recommends time >/dev/null; }
cargo build --quiet --release --locked --bin credaudit --example breach_corpus
credaudit=target/release/credaudit
bench=target/release/examples/breach_corpus

digests() { # bin|text -> path
  local path="$work/$n.$1"
  [ -s "$path" ] || "$bench" digests "$n" "$1" "$path"
  echo "$path"
}

# build NAME INPUT ARGUMENT…: median "entries per CPU second" and the peak memory in MB, to $work/NAME.built
build() {
  local name=$1 input=$2 run
  shift 2
  : >"$work/$name.times"
  for ((run = 0; run < runs; run++)); do
    /usr/bin/time -f '%U %S %M %e' -o "$work/one" \
      "$credaudit" corpus build --quiet "$input" --output "$work/$name.corpus" "$@" >/dev/null
    awk -v n="$n" '{ printf "%.0f %.0f %.0f\n", n / ($1 + $2), $3 / 1024, n / $4 }' "$work/one" >>"$work/$name.times"
  done
  sort -n "$work/$name.times" | awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }' >"$work/$name.built"
}

ask() { # NAME: the program's "name value" lines, to $work/NAME.asked
  "$bench" lookups "$work/$1.corpus" "$n" >"$work/$1.asked"
}

value() { awk -v k="$2" '$1 == k { print $2 }' "$work/$1.asked"; }
million() { awk -v v="$1" 'BEGIN { printf "%.2f M", v / 1e6 }'; }
built() { awk -v c="$2" '{ print $c }' "$work/$1.built"; }

records=$(digests bin)
build compact "$records"
ask compact
build full "$records" --variant full
ask full
build filter8 "$records" --variant filter8
ask filter8
build filter16 "$records" --variant filter16
ask filter16
[ -n "${BENCH_DIR:-}" ] || rm "$records"
text=$(digests text)
build text "$text"
[ -n "${BENCH_DIR:-}" ] || rm "$text"

TMPDIR="$work" CREDAUDIT="$credaudit" benches/serve.sh "$work/full.corpus" >"$work/served"
served() { tr ' ' '\n' <"$work/served" | awk -F= -v k="$1" '$1 == k { print $2 }'; }
requests=$(served server_req_cpu_s)
[ -n "${BENCH_DIR:-}" ] || rm "$work"/*.corpus

row() { printf '%-50s %13s %12s %12s %12s %14s\n' "$@"; }
printf '\n%s million SHA-1s\n' "$millions"
row '' 'bytes/entry' 'bulk/s' 'single/s' 'unsorted/s' 'wrong'
for name in compact full filter8 filter16; do
  row "credaudit, $name" "$(value $name bytes_per_entry)" "$(million "$(value $name bulk_s)")" \
    "$(million "$(value $name single_s)")" "$(million "$(value $name unsorted_s)")" "$(value $name wrong)"
done
row 'plain mmap, 2^20 prefixes, binary search' 24 '2.1 M' '1.9 M' '' 0
row 'oschonrock/hibp sorted binary' 24 '' '0.02 M' '' 0
row 'oschonrock/hibp with its table of contents' 24 '' '0.175 M' '' 0
row 'oschonrock/hibp, 64 bits, table of contents' 12 '' '0.15 M' '' 0
row 'binary fuse filter, 8 bit' 1.17 '15 M' '' '' 3.9e-3
row 'binary fuse filter, 16 bit' 2.35 '15 M' '' '' 2.3e-5
printf '\n%-50s %18s %14s %14s\n' 'building' 'entries/CPU s' 'entries/s' 'peak RSS MB'
for name in compact full filter8 filter16 text; do
  case "$name" in text) label='compact, from the official text' ;; *) label="$name, from sorted records" ;; esac
  printf '%-50s %18s %14s %14s\n' "$label" "$(million "$(built $name 1)")" "$(million "$(built $name 3)")" "$(built $name 2)"
done
printf '\n%s\n' 'the server (oschonrock/hibp, HTTP requests/s of one thread: 15,900 plain, 61,000 with its index; it has no /range/)'
grep -v '^figures' "$work/served"
printf 'a range of %s bytes is put together in %s microseconds\n' "$(value full range_bytes)" "$(value full range_us)"

if [ -n "$growth" ]; then
  printf '\n%-50s %12s %12s %14s %14s %14s\n' 'growth, compact' 'bulk/s' 'single/s' 'bytes/entry' 'build/CPU s' 'peak RSS MB'
  for size in $growth; do
    /usr/bin/time -f '%M' -o "$work/grown.$size.peak" \
      "$bench" grow $((size * 1000 * 1000)) "$work/grown.$size.corpus" >"$work/grown.$size.built"
    : >"$work/grown.$size.asked"
  done
  for ((run = 0; run < runs; run++)); do
    for size in $growth; do
      "$bench" grown "$work/grown.$size.corpus" $((size * 1000 * 1000)) >>"$work/grown.$size.asked"
    done
  done
  median() { # SIZE NAME
    awk -v k="$2" '$1 == k { print $2 }' "$work/grown.$1.asked" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
  }
  : >"$work/growth"
  for size in $growth; do
    bulk=$(median "$size" bulk_s)
    single=$(median "$size" single_s)
    printf '%-50s %12s %12s %14s %14s %14s\n' "$size million" "$(million "$bulk")" "$(million "$single")" \
      "$(median "$size" bytes_per_entry)" \
      "$(million "$(awk '$1 == "build_entries_s" { print $2 }' "$work/grown.$size.built")")" \
      "$(awk '{ printf "%.0f", $1 / 1024 }' "$work/grown.$size.peak")"
    echo "$bulk $single" >>"$work/growth"
    [ -n "${BENCH_DIR:-}" ] || rm "$work/grown.$size.corpus"
  done
  awk 'NR == 1 { bulk = $1; single = $2 } { b = $1; s = $2 }
    END { printf "from the first to the last: bulk falls by %.0f %%, single by %.0f %%\n", 100 - 100 * b / bulk, 100 - 100 * s / single }' "$work/growth"
fi
printf '\nfigures: bytes_per_entry=%s build_entries_s=%s bulk_s=%s single_s=%s fuse8_s=%s fuse16_s=%s server_req_cpu_s=%s\n' \
  "$(value compact bytes_per_entry)" "$(built compact 1)" "$(value compact bulk_s)" "$(value compact single_s)" \
  "$(value filter8 bulk_s)" "$(value filter16 bulk_s)" "$requests"
