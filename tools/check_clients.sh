#!/usr/bin/env bash
# Two clients that are not ours ask the range server: `pwnedpasswords` from PyPI and `hibp` from npm, pointed at this machine.
# Fetches both, so it is no part of `make test`. Needs python3 with venv and pip, node and npm, and a built program.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${CREDAUDIT:-target/release/credaudit}
[ -x "$program" ] || { echo "no $program: run make build, or set CREDAUDIT" >&2; exit 2; }
folder=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server"; } || true
  rm -rf "$folder"
}
trap cleanup EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pwnedpasswords==3.1.0
npm install --silent --no-fund --no-audit --prefix "$folder" hibp@15 >/dev/null

# A corpus of 30,000 passwords; "pw7" was seen 8 times, and so on.
python3 - "$folder/known.txt" <<'PY'
import hashlib, sys
lines = sorted(f"{hashlib.sha1(f'pw{n}'.encode()).hexdigest().upper()}:{n + 1}" for n in range(30_000))
open(sys.argv[1], "w").write("\n".join(lines) + "\n")
PY
"$program" corpus build "$folder/known.txt" --variant full --output "$folder/known.corpus" >/dev/null
"$program" corpus serve "$folder/known.corpus" --listen 127.0.0.1:0 2>"$folder/said" &
server=$!
for _ in $(seq 100); do grep -q http "$folder/said" && break; sleep 0.1; done
url=$(grep -o 'http://[^ ]*' "$folder/said"); url=${url%/range/}

# Asked about: 200 that are known, and 200 that are not but begin like one that is.
python3 - "$folder/questions.json" <<'PY'
import hashlib, json, sys
sha1 = lambda word: hashlib.sha1(word.encode()).hexdigest()
known = {sha1(f"pw{n}")[:5] for n in range(30_000)}
questions = {f"pw{n}": n + 1 for n in range(0, 30_000, 150)}
n = 0
while len(questions) < 400:
    if sha1(f"heron{n}")[:5] in known:
        questions[f"heron{n}"] = 0
    n += 1
json.dump(questions, open(sys.argv[1], "w"))
PY

"$folder/venv/bin/python" - "$url" "$folder/questions.json" <<'PY'
import json, sys
import pwnedpasswords.pwnedpasswords as client
url, questions = sys.argv[1], json.load(open(sys.argv[2]))
client.PwnedPasswordsAPI.url = staticmethod(lambda *components, **_: url + "/" + "/".join(components))
wrong = [word for word, count in questions.items() if client.check(word, plain_text=True) != count]
assert not wrong, wrong
print(f"pwnedpasswords (PyPI): {len(questions)} questions, all answered right")
PY

cat >"$folder/ask.mjs" <<'JS'
import fs from 'node:fs';
import { pwnedPassword } from 'hibp';
const [url, file] = process.argv.slice(2);
const questions = Object.entries(JSON.parse(fs.readFileSync(file)));
for (const addPadding of [false, true]) {
  const wrong = [];
  for (const [word, count] of questions) {
    if ((await pwnedPassword(word, { baseUrl: url, addPadding })) !== count) wrong.push(word);
  }
  if (wrong.length) { console.error('wrong:', wrong); process.exit(1); }
  console.log(`hibp (npm)${addPadding ? ', padded' : ''}: ${questions.length} questions, all answered right`);
}
JS
node "$folder/ask.mjs" "$url" "$folder/questions.json"
