#!/usr/bin/env bash
# Both engines of the gate over 500 MB of text: the reports must be the same, byte for byte, but for the engine's name.
#
#   tools/check_engines.sh            500 MB; MEGABYTES=50 for less
#
# The text: documentation, headers and scripts of this machine, one large dump of invented accounts, and between their lines every
# example and counter-example of the patterns, whole and with one byte changed (read from patterns/secrets at run time). Reports are
# compared from a confidence of 1 percent on, so that what a policy would cut is compared as well. Needs python3 and a built program.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${CREDAUDIT:-target/release/credaudit}
[ -x "$program" ] || { echo "no $program: run make build, or set CREDAUDIT" >&2; exit 2; }
megabytes=${MEGABYTES:-500}
folder=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/var/tmp}}/engines.XXXXXX")
trap 'rm -rf "$folder"' EXIT

python3 - "$folder/text" "$megabytes" <<'PY'
import gzip, os, random, re, sys
folder, want = sys.argv[1], int(sys.argv[2]) * 1_000_000
chance = random.Random(31)

# Pattern files are TOML; only strings in lists are needed, in any of its quotes.
literal = re.compile(r"'''(.*?)'''|'([^'\n]*)'|\"((?:[^\"\\\n]|\\.)*)\"", re.S)
planted = []
for name in sorted(os.listdir("patterns/secrets")):
    text = open(f"patterns/secrets/{name}").read()
    for block in text.split("[[pattern]]")[1:]:
        hexadecimal = "\nbytes = true" in block
        file = re.search(r'^example_file = "(.*)"', block, re.M)
        for line in re.finditer(r"^(?:counter_)?examples = \[(.*?)\]$", block, re.M | re.S):
            for found in literal.finditer(line.group(1)):
                raw = next(g for g in found.groups() if g is not None).replace("<|>", "")
                example = bytes.fromhex(raw) if hexadecimal else raw.encode()
                planted.append((file.group(1) if file else "", example))
planted = [(file, example) for file, example in planted if example]
for file, example in list(planted):
    changed = bytearray(example)
    changed[chance.randrange(len(changed))] = chance.choice(b"aZ07_-=+/. \"'\n")
    planted.append((file, bytes(changed)))

def sources():
    for top in ("/usr/share/doc", "/usr/include", "/usr/lib/python3", "/usr/share/perl", "/usr/share", "/usr/lib", "/etc"):
        for path, folders, files in os.walk(top):
            folders.sort()
            for file in sorted(files):
                name = os.path.join(path, file)
                try:
                    if os.path.islink(name) or not os.path.isfile(name) or os.path.getsize(name) > 8_000_000:
                        continue
                    data = (gzip.open if name.endswith(".gz") else open)(name, "rb").read()
                except (OSError, EOFError):
                    continue
                # Three kinds in one: text, and what is none.
                yield (name[:-3] if name.endswith(".gz") else name), data

def rows(count):
    for n in range(count):
        mail = f"user{n}@example.org"
        yield f"({n},'user{n}','{mail}','{chance.getrandbits(128):032x}','Tk{chance.getrandbits(60):x}!',NULL,'2026-01-{n % 28 + 1:02d}'),\n"

made, number = 0, 0
os.makedirs(folder)
def write(name, data):
    global made, number
    path = os.path.join(folder, f"{number // 500:04d}", f"{number:06d}")
    os.makedirs(path)
    with open(os.path.join(path, name), "wb") as to:
        to.write(data)
    made, number = made + len(data), number + 1

for file, example in planted:
    if file:
        write(file, example)
# One large file, with everything in it and nothing to begin a line.
with open(os.path.join(folder, "large.sql"), "wb") as to:
    to.write(b"CREATE TABLE users (id int, login varchar(20), email varchar(50), digest char(32), word varchar(30), gone date, made date);\n")
    to.write(b"INSERT INTO users VALUES\n")
    for n, row in enumerate(rows(want // 5 // 110)):
        to.write(row.encode())
        if n % 97 == 0:
            to.write(chance.choice(planted)[1])
    made += to.tell()
while made < want:
    before = made
    for name, data in sources():
        lines = data.split(b"\n")
        for _ in range(1 + len(lines) // 400):
            lines.insert(chance.randrange(len(lines) + 1), chance.choice(planted)[1])
        write(os.path.basename(name), b"\n".join(lines))
        if made >= want:
            break
    assert made > before, "this machine has no text"
print(f"{made} bytes in {number + 1} files, {len(planted)} examples planted")
PY

for engine in best portable; do
  "$program" gate "$folder/text" --engine "$engine" --no-config --min-confidence 1 --fail-on never --quiet --format json \
    --output "$folder/$engine.json" || [ $? -eq 2 ]
done
python3 - "$folder/best.json" "$folder/portable.json" <<'PY'
import json, sys
texts = [open(path).read() for path in sys.argv[1:]]
reports = [json.loads(text) for text in texts]
engines = [report["gate"]["engine"] for report in reports]
assert engines[0] != engines[1], f"only one engine in this build: {engines[0]}"
texts = [text.replace(json.dumps(engine), '""') for text, engine in zip(texts, engines)]
findings = [[json.dumps(finding, sort_keys=True) for finding in report["findings"]] for report in reports]
differing = set(findings[0]) ^ set(findings[1])
for finding in sorted(differing)[:20]:
    print("differs:", finding, file=sys.stderr)
sure = sum(finding["confidence"] >= 50 for finding in reports[0]["findings"])
print(f"{engines[0]} and {engines[1]}: {len(findings[0])} findings, {sure} of them from 50 percent on")
same = texts[0] == texts[1]
print(f"figures: bytes={reports[0]['gate']['searched']} findings={len(findings[0])} differences={len(differing)} same_reports={int(same)}")
sys.exit(0 if same else 1)
PY
