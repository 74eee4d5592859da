#!/usr/bin/env bash
# Speed of `credaudit gate --history` beside `git log -p | cat >/dev/null` in one run on one machine, and of the commit hook
# (`gate --staged`) in the same repository.
#
#   benches/history.sh [COMMITS]        4000 by default
#
# The repository is made by this script, the same each time: files of the Linux sources as Debian ships them, of which
# each commit gives one to three files some lines more or takes some away, a merge now and then, packed as `git gc` packs a clone. One
# commit brings a password in, a later one takes it out again; it must be found, with the commit that brought it. Medians of RUNS (3)
# runs after a warm-up, page cache warm; CPU is user + system of all processes. Needs git, python3 and Debian's time. BENCH_DIR keeps
# what was made for the next run.
set -euo pipefail
cd "$(dirname "$0")/.."

commits=${1:-4000}
runs=${RUNS:-3}
work=${BENCH_DIR:-$(mktemp -d)}
mkdir -p "$work"
trap '[ -n "${BENCH_DIR:-}" ] || rm -rf "$work"' EXIT

dpkg-query -W -f '${db:Status-Status}' time 2>/dev/null | grep -q '^installed' ||
  { apt-get update -qq && apt-get install -qq -y --no-install-recommends time >/dev/null; }
tree="$work/linux-source-6.1"
if [ ! -d "$tree" ]; then
  (cd "$work" && apt-get download -qq linux-source-6.1 >/dev/null && dpkg -x linux-source-6.1_*.deb package && rm linux-source-6.1_*.deb &&
    tar xJf package/usr/src/linux-source-6.1.tar.xz && rm -r package)
fi
if [ -z "${CREDAUDIT:-}" ]; then
  cargo build --quiet --release --locked --bin credaudit
fi
credaudit=$(realpath "${CREDAUDIT:-target/release/credaudit}")
repo="$work/history-$commits"

planted="$repo.planted"
if [ ! -f "$planted" ]; then
  rm -rf "$repo"
  git init -q -b main "$repo"
  python3 - "$tree" "$commits" <<'PY' | git -C "$repo" fast-import --quiet
import os, random, sys
tree, commits = sys.argv[1], int(sys.argv[2])
chance = random.Random(5)
out = sys.stdout.buffer

# Folders with code, headers, documentation, scripts and build files, as a project of some years has them.
class File:
    """A file as blocks of a few lines, each of which is there or not."""
    def __init__(self, path, text):
        self.path, self.blocks = path, []
        lines = text.splitlines(keepends=True)
        while lines:
            count = chance.randrange(1, 24)
            self.blocks.append(b"".join(lines[:count]))
            del lines[:count]
        self.there = [chance.random() < 0.7 for _ in self.blocks]

    def change(self):
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            at = chance.randrange(len(self.blocks))
            self.there[at] = not self.there[at]

    def text(self):
        return b"".join(block for block, there in zip(self.blocks, self.there) if there)

files = []
for top in ("kernel", "mm", "lib", "block", "crypto", "Documentation/admin-guide", "tools/perf", "scripts", "net/core", "net/ipv4"):
    for folder, folders, names in os.walk(os.path.join(tree, top)):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not os.path.islink(path) and 0 < os.path.getsize(path) < 400_000:
                with open(path, "rb") as data:
                    files.append(File(os.path.relpath(path, tree), data.read()))

# Made here, so that no file of this repository holds it.
secret = "".join(chance.choice("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(14)) + "!x7"
settings = File("deploy/settings.py", b"import os\n\nHOST = os.environ['DB_HOST']\n")
settings.there = [True] * len(settings.blocks)

def blob(data):
    out.write(b"data %d\n" % len(data) + data + b"\n")

def commit(number, changed, message, branch=b"main", merges=None):
    out.write(b"commit refs/heads/" + branch + b"\nmark :%d\n" % number)
    out.write(b"committer Quentin <quentin@example.org> %d +0100\n" % (1_500_000_000 + number * 3600))
    blob(message)
    if merges:
        out.write(b"merge :%d\n" % merges)
    for path, data in changed:
        out.write(b"M 100644 inline " + path.encode() + b"\n")
        blob(data)

commit(1, [(file.path, file.text()) for file in files] + [(settings.path, settings.text())], b"What there is\n")
planting, removing = commits * 2 // 5, commits * 3 // 5
# Larger files are changed more often.
weights = [len(file.blocks) for file in files]
number = 1
while number < commits:
    number += 1
    if number == planting:
        text = settings.text() + b"db_password = '%s'\n" % secret.encode()
        commit(number, [(settings.path, text)], b"Settings for the deployment (planted)\n")
    elif number == removing:
        commit(number, [(settings.path, settings.text())], b"Settings come from the environment (removed)\n")
    elif number % 40 == 0 and number + 2 < commits and planting not in range(number, number + 3) and removing not in range(number, number + 3):
        # A branch of one commit, and its merge.
        ours, theirs = chance.sample(range(len(files)), 2)
        base = number - 1
        out.write(b"reset refs/heads/topic\nfrom :%d\n\n" % base)
        files[theirs].change()
        commit(number, [(files[theirs].path, files[theirs].text())], b"A topic\n", b"topic")
        files[ours].change()
        commit(number + 1, [(files[ours].path, files[ours].text())], b"Meanwhile\n")
        commit(number + 2, [(files[theirs].path, files[theirs].text())], b"The topic is merged\n", merges=number)
        number += 2
    else:
        changed = chance.choices(files, weights, k=chance.choice((1, 1, 2, 3)))
        for file in changed:
            file.change()
        commit(number, sorted({file.path: file.text() for file in changed}.items()), b"Change %d\n" % number)
PY
  git -C "$repo" branch -q -D topic
  git -C "$repo" checkout -q main
  git -C "$repo" gc -q
  git -C "$repo" log --format=%H --fixed-strings --grep='(planted)' >"$planted"
fi

# Staged: ten files of a line more each, one of which holds a password.
(
  cd "$repo"
  git reset -q --hard
  for file in $(git ls-files kernel | LC_ALL=C sort | head -n 10); do echo "/* one more line */" >>"$file"; done
  printf 'api_password = "Gr4n%s"\n' 'ite!x7' >>deploy/settings.py
  git add -u
)
git -C "$repo" log -p | cat >/dev/null

# measure NAME COMMAND…: appends "wall cpu rss_kb" of each counted run to $work/NAME.times
measure() {
  local name=$1 run
  shift
  : >"$work/$name.times"
  for ((run = 0; run <= runs; run++)); do
    /usr/bin/time -f '%e %U %S %M' -o "$work/one" "$@" >"$work/$name.out" 2>"$work/$name.err" || true
    tail -n 1 "$work/one" >"$work/last"
    ((run == 0)) || awk '{ print $1, $2 + $3, $4 }' "$work/last" >>"$work/$name.times"
  done
}
median() { # NAME COLUMN
  sort -n -k "$2,$2" "$work/$1.times" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'
}

measure theirs-history bash -c 'git -C "$1" log -p | cat >/dev/null' _ "$repo"
measure ours-history "$credaudit" gate --history --quiet --format json --no-config "$repo"
runs=$((runs * 5)) measure ours-staged "$credaudit" gate --staged --quiet --format json --no-config "$repo"

python3 - "$work/ours-history.out" "$work/ours-staged.out" "$planted" <<'PY'
import json, sys
history, staged = (json.load(open(path)) for path in sys.argv[1:3])
planted = open(sys.argv[3]).read().split()
assert len(planted) == 1, planted
found = [f for f in history["findings"] if (f.get("path") or "").endswith("deploy/settings.py")]
assert len(found) == 1 and found[0]["commit"]["id"] == planted[0], f"the planted password: {found}"
assert len(staged["findings"]) == 1, f"the staged password: {staged['findings']}"
print(f"\n{history['gate']['files']} versions of files with {history['gate']['searched']} bytes were searched; "
      f"{len(history['findings'])} findings, the planted password among them with its commit {planted[0][:12]}")
PY
printf '%s commits, %s objects in packs of %s\n' "$(git -C "$repo" rev-list --count --all)" \
  "$(git -C "$repo" count-objects -v | awk '$1 == "in-pack:" { print $2 }')" "$(du -sh "$repo/.git/objects/pack" | cut -f 1)"
printf '%-28s %10s %10s %14s\n' '' 'wall s' 'CPU s' 'peak RSS MB'
for name in ours-history theirs-history ours-staged; do
  case "$name" in
    ours-history) label='credaudit gate --history' ;;
    theirs-history) label='git log -p | cat' ;;
    *) label='credaudit gate --staged' ;;
  esac
  printf '%-28s %10s %10s %14s\n' "$label" "$(median "$name" 1)" "$(median "$name" 2)" \
    "$(awk -v k="$(median "$name" 3)" 'BEGIN { printf "%.0f", k / 1024 }')"
done
ratio() { awk -v a="$(median ours-history "$1")" -v b="$(median theirs-history "$1")" 'BEGIN { printf "%.2f", (b > 0 ? a / b : 0) }'; }
printf '\nfigures: history_ratio=%s history_cpu_ratio=%s history_s=%s peak_rss_mb=%s staged_ms=%s\n' "$(ratio 1)" "$(ratio 2)" \
  "$(median ours-history 1)" "$(awk -v k="$(median ours-history 3)" 'BEGIN { printf "%.0f", k / 1024 }')" \
  "$(awk -v s="$(median ours-staged 1)" 'BEGIN { printf "%.0f", s * 1000 }')"
