#!/usr/bin/env bash
# What the catalogue of schemes is measured by: 292 published vectors (recognised, opened by the right password, refused with
# a wrong one), the contest of identifiers (hashcat's mode named first, named at all; the others' figures are those of their
# versions of 2026 on the same 223 vectors), and what each further part adds.
#
#   [TABLES=n] benches/schemes.sh      n tables for each of 68 constructions that nothing but the shape of values shows (3)
#
# Each part is an ignored test that prints a table and a line `figures: name=value …`; the last line of this script joins them.
set -euo pipefail
cd "$(dirname "$0")/.."

# Tests that print figures, by their full names: before the columns that are proved, and after.
before=(identify::figures_of_schemes)
after=(columns::many_lookalikes::five_thousand_lookalikes_hold_at_most_five_credentials)

out=$(mktemp)
trap 'rm -f "$out"' EXIT
run() {
  cargo test --quiet --release --locked --test it -- --ignored --nocapture --exact "$1" | tee -a "$out" | grep -v '^figures: '
}
for part in "${before[@]}"; do run "$part"; done
cargo build --quiet --release --locked --bin credaudit --example column_proofs
target/release/examples/column_proofs target/release/credaudit "${TABLES:-3}" | tee -a "$out" | grep -v '^figures: '
for part in "${after[@]}"; do run "$part"; done
echo "figures:$(sed -n 's/^figures://p' "$out" | tr -d '\n')"
