#!/usr/bin/env bash
# The SARIF of real gate runs against the published schema of SARIF 2.1.0 (with Ajv) and against the standard's rules (with Microsoft's
# SARIF Multitool, which also brings the schema). Both come from npm (OASIS lets the schema be passed on only with its whole
# document), so this is no part of `make test`. Needs npm, node, git and a built program.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${CREDAUDIT:-target/release/credaudit}")
[ -x "$program" ] || { echo "no $program: run make build, or set CREDAUDIT" >&2; exit 2; }
folder=$(mktemp -d "${TMPDIR:-/var/tmp}/sarif.XXXXXX")
trap 'rm -rf "$folder"' EXIT
tool=${SARIF_TOOL:-$folder/npm}
[ -d "$tool/node_modules/ajv-formats" ] ||
  npm install --silent --no-fund --no-audit --prefix "$tool" @microsoft/sarif-multitool@5.7.0 ajv@8.17.1 ajv-formats@3.0.1 >/dev/null
# Without it .NET wants a library for languages.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

# A release with findings in code, in a table, in a name that has to be escaped, in an archive, and something that cannot be read.
cd "$folder"
git init -q -b main release
word=Gr4nite; word="$word!x7Qm"
printf 'db_password = "%s"\n' "$word" >'release/größe & more.py'
printf 'Kennwort für alle:\n  password: %s3\n' "$word" >release/notes.yml
{
  echo 'CREATE TABLE users (id int, login varchar(20), password varchar(30));'
  for n in $(seq 40); do printf "INSERT INTO users VALUES (%s,'user%s','%s%s');\n" "$n" "$n" "$word" "$n"; done
} >release/seed.sql
printf 'Rar!\032\007\001\000 packed' >release/old.rar
ln -s ../nowhere release/link
(cd release && tar cf app.tar notes.yml && git add -A && git -c user.name=x -c user.email=x@example.org commit -q -m "password: ${word}4")
mkdir clean
echo 'Nothing.' >clean/README.md
"$program" gate release --no-config --quiet --format sarif --output tree.sarif || true
"$program" gate release --history --no-config --quiet --format sarif --output history.sarif || true
"$program" gate clean --no-config --quiet --format sarif --output clean.sarif

for log in tree history clean; do
  "$tool/node_modules/.bin/sarif-multitool" validate "$log.sarif" --output "$log.validated" --log ForceOverwrite >"$log.said" 2>&1 || true
  grep -q 'Analysis completed successfully' "$log.said" || { cat "$log.said" >&2; exit 1; }
done
NODE_PATH="$tool/node_modules" node - "$tool/node_modules/@microsoft/sarif-multitool-linux/sarif-2.1.0.json" tree history clean <<'JS'
const fs = require('node:fs');
const Ajv = require('ajv/dist/2020');
const schema = JSON.parse(fs.readFileSync(process.argv[2]));
const ajv = new Ajv({ strict: false, allErrors: true });
require('ajv-formats')(ajv);
const valid = ajv.compile(schema);
// A validator that lets everything pass would show nothing.
const wrong = JSON.parse(fs.readFileSync('clean.sarif'));
wrong.runs[0].columnKind = 'nonsense';
if (valid(wrong)) throw new Error('the schema lets nonsense pass');
let errors = 0, warnings = 0, results = 0;
for (const name of process.argv.slice(3)) {
  const log = JSON.parse(fs.readFileSync(`${name}.sarif`));
  if (!valid(log)) {
    for (const error of valid.errors) console.log(`${name}: schema: ${error.instancePath} ${error.message}`);
    errors += valid.errors.length;
  }
  const ours = log.runs[0].results;
  if ((name !== 'clean') !== ours.length > 0) throw new Error(`${name}: ${ours.length} results`);
  if (name === 'history' && !ours.every(result => /^[0-9a-f]{40}$/.test(result.properties.commit))) throw new Error('a result without its commit');
  results += ours.length;
  for (const found of JSON.parse(fs.readFileSync(`${name}.validated`)).runs[0].results) {
    const level = found.level ?? 'warning';
    const at = found.locations?.[0]?.logicalLocations?.[0]?.fullyQualifiedName ?? '';
    console.log(`${name}: ${level}: ${found.ruleId} ${at} ${JSON.stringify(found.message)}`);
    if (level === 'error') errors += 1; else if (level === 'warning') warnings += 1;
  }
}
console.log(`figures: results=${results} errors=${errors} warnings=${warnings}`);
process.exit(errors === 0 && results > 0 ? 0 : 1);
JS
