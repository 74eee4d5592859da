#!/usr/bin/env bash
# Requests that `credaudit corpus serve` answers per second of its own CPU time, and bytes: on a corpus of few digests a range
# (a full corpus file named by the caller, or 50 million made here) and on one with 2,000 a range. Load comes from wrk, another
# process on the same machine; the server's CPU time, user and system, is what /proc says of it before and after.
#
#   benches/serve.sh [CORPUS]        SECONDS_EACH=10 DIGESTS=50000000 CREDAUDIT=target/release/credaudit
set -euo pipefail
cd "$(dirname "$0")/.."
program=${CREDAUDIT:-target/release/credaudit}
seconds=${SECONDS_EACH:-10}
digests=${DIGESTS:-50000000}
command -v wrk >/dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends wrk >/dev/null; }
[ -x "$program" ] || { echo "no $program: run make build, or set CREDAUDIT" >&2; exit 2; }
folder=$(mktemp -d "${TMPDIR:-/var/tmp}/credaudit-serve.XXXXXX")
server=
stop() { [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server"; } || true; server=; }
trap 'stop; rm -rf "$folder"' EXIT

# A sorted text of HASH:COUNT lines: make_ranges FILE PREFIXES DIGESTS-A-RANGE.
make_ranges() {
  python3 - "$1" "$2" "$3" <<'PY'
import os, sys
path, prefixes, per = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open(path, "w") as out:
    for prefix in range(prefixes):
        suffixes = sorted(os.urandom(18).hex().upper()[:35] for _ in range(per))
        out.writelines(f"{prefix:05X}{suffix}:{1 + (n * 7919) % 3000}\n" for n, suffix in enumerate(suffixes))
PY
}

serve() {
  "$program" corpus serve "$1" --listen 127.0.0.1:0 --threads 1 2>"$folder/said" &
  server=$!
  for _ in $(seq 600); do grep -q http "$folder/said" && break; sleep 0.1; done
  url=$(grep -o 'http://[^ ]*' "$folder/said"); url=${url%/range/}
}

# Ticks of CPU time, user and system.
ticks() { awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/$server/stat"; }

# Prints requests and bytes per second of the server's CPU time: measure NAME PREFIXES PIPELINED CONNECTIONS.
measure() {
  cat >"$folder/load.lua" <<LUA
local prefixes, pipelined = $2, $3
request = function()
  local all = {}
  for n = 1, pipelined do
    all[n] = wrk.format("GET", string.format("/range/%05X", math.random(0, prefixes - 1)))
  end
  return table.concat(all)
end
LUA
  wrk -t1 -c"$4" -d2s -s "$folder/load.lua" "$url" >/dev/null
  local before after
  before=$(ticks)
  wrk -t1 -c"$4" -d"${seconds}s" -s "$folder/load.lua" "$url" >"$folder/wrk"
  after=$(ticks)
  grep -q 'Non-2xx' "$folder/wrk" && { echo "errors among the answers:" >&2; cat "$folder/wrk" >&2; exit 1; }
  awk -v name="$1" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" '
    function bytes(text) { n = text + 0; if (text ~ /KB/) n *= 1024; if (text ~ /MB/) n *= 1048576; if (text ~ /GB/) n *= 1073741824; return n }
    / requests in / { requests = $1; read = bytes($5) }
    END { cpu = ticks / hz
          printf "%-44s %12.0f %10.1f %12.0f %10.2f\n", name, requests, cpu, requests / cpu, read / cpu / 1e9 }' "$folder/wrk" |
    tee -a "$folder/table"
}

if [ $# -ge 1 ]; then
  small=$1
else
  per=$((digests / 1048576)); ((per > 0)) || per=1
  make_ranges "$folder/small.txt" 1048576 "$per"
  "$program" corpus build "$folder/small.txt" --variant full --output "$folder/small.corpus" >/dev/null
  rm "$folder/small.txt"
  small=$folder/small.corpus
fi
printf '%-44s %12s %10s %12s %10s\n' 'one thread of the server' requests CPU-s 'req/CPU-s' 'GB/CPU-s'
serve "$small"
measure 'few digests a range, one request at a time' 1048576 1 32
measure 'few digests a range, 16 requests pipelined' 1048576 16 32
stop
make_ranges "$folder/large.txt" 4096 2000
"$program" corpus build "$folder/large.txt" --variant full --output "$folder/large.corpus" >/dev/null || [ $? -le 2 ]
rm "$folder/large.txt"
serve "$folder/large.corpus"
measure '2,000 digests a range, one request at a time' 4096 1 16
stop
awk '/few digests a range, one/ { plain = $(NF - 1) } /pipelined/ { pipelined = $(NF - 1) } /^2,000/ { bytes = $NF }
  END { printf "figures: server_req_cpu_s=%d server_pipelined_req_cpu_s=%d server_gb_cpu_s=%s\n", plain, pipelined, bytes }' "$folder/table"
