#!/usr/bin/env bash
# Audits the bundled example database: the report on the screen, the report for programs and the reset list in demo-report/.
#
#   tools/demo.sh [PROGRAM]      target/release/credaudit by default
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-target/release/credaudit}
mkdir -p demo-report
chmod 700 demo-report

# 1 is the audit's own answer: there are accounts to reset. 0 and 2 would mean that the demo is broken.
expect_1() {
  local code=0
  "$@" || code=$?
  if ((code != 1)); then
    echo "demo.sh: expected the audit to end in 1 (accounts to reset), it ended in $code" >&2
    exit 1
  fi
}

echo '$ credaudit audit demo/nursery.sql --resets demo-report/resets.csv'
echo
expect_1 "$program" audit demo/nursery.sql --resets demo-report/resets.csv
expect_1 "$program" audit demo/nursery.sql --quiet --format json --output demo-report/report.json

cat <<EOT

The database is an example: its people are invented (demo/generate.rs).
The audit's exit code was 1: there are accounts to reset. In a pipeline that stops the build; here it is what we wanted.

  demo-report/resets.csv     every account to reset, how soon and why: $(($(wc -l <demo-report/resets.csv) - 1)) lines
  demo-report/report.json    the same report for programs, as in schemas/report-v1.json
EOT
