#!/usr/bin/env bash
# What the catalogue of schemes is measured by: 292 published vectors (recognised, opened by the right password, refused with
# a wrong one), the contest of identifiers (hashcat's mode named first, named at all; the others' figures are those of their
# versions of 2026 on the same 223 vectors), and what each further part adds.
#
#   benches/schemes.sh
#
# Each part is an ignored test that prints a table and a line `figures: name=value …`; the last line of this script joins them.
set -euo pipefail
cd "$(dirname "$0")/.."

# Tests that print figures, by their full names.
parts=(identify::figures_of_schemes)

out=$(mktemp)
trap 'rm -f "$out"' EXIT
for part in "${parts[@]}"; do
  cargo test --quiet --release --locked --test it -- --ignored --nocapture --exact "$part" | tee -a "$out" | grep -v '^figures: '
done
echo "figures:$(sed -n 's/^figures://p' "$out" | tr -d '\n')"
