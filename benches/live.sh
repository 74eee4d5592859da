#!/usr/bin/env bash
# Speed and memory of `credaudit audit` on live databases, beside each database's own client reading the same table in the same
# run: `COPY users TO STDOUT` by psql, `mariadb --quick -e 'select * from users'`, `sqlite3 .dump`, each into /dev/null.
#
#   benches/live.sh [ACCOUNTS]      2000000 by default; GROWTH=yes adds PostgreSQL with ten times that (a lean table)
#
# The servers are Debian's, on sockets of their own in a folder that is deleted at the end; some 4 GB of disk for 2 million accounts
# (BENCH_DIR names the folder). The table is a web application's: twelve columns, some 400 bytes a row, bcrypt and SHA-1. Medians of
# RUNS (3) runs after a warm-up, caches warm; CPU is user + system of the client, memory its peak resident set. All judging is on.
set -euo pipefail
cd "$(dirname "$0")/.."

accounts=${1:-2000000}
runs=${RUNS:-3}
work=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/var/tmp}}/credaudit-live-XXXXXX")
chmod 755 "$work"
declare -a servers=()
stop() {
  for pid in "${servers[@]}"; do kill -INT "$pid" 2>/dev/null || true; done
  for pid in "${servers[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap stop EXIT

command -v /usr/bin/time >/dev/null || apt-get install -qq -y --no-install-recommends time >/dev/null
cargo build --quiet --release --locked --bin credaudit
credaudit=target/release/credaudit

# PostgreSQL refuses to run as root.
as_postgres() { if ((EUID == 0)); then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
mkdir -m 777 "$work/pg" "$work/my"
(cd "$work/pg" && as_postgres "$bin/initdb" -D "$work/pg/data" -U postgres -A trust --no-sync >/dev/null)
(cd "$work/pg" && exec setpriv --pdeathsig=INT "$([ "$EUID" = 0 ] && echo setpriv || echo env)" $( ((EUID == 0)) && echo --reuid=postgres --regid=postgres --clear-groups) \
  "$bin/postgres" -D "$work/pg/data" -k "$work/pg" -c listen_addresses= -c fsync=off -c wal_level=minimal -c max_wal_senders=0 \
  -c shared_buffers=512MB -c autovacuum=off -c max_wal_size=4GB >/dev/null 2>"$work/pg/log") &
servers+=($!)
sql() { psql -qAtX -h "$work/pg" -U postgres -v ON_ERROR_STOP=1 "$@" postgres; }
until sql -c 'select 1' >/dev/null 2>&1; do sleep 0.2; done

user=()
((EUID == 0)) && user=(--user=root)
mariadb-install-db --no-defaults "${user[@]}" --datadir="$work/my/data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
mariadbd --no-defaults "${user[@]}" --datadir="$work/my/data" --skip-networking --socket="$work/my/socket" --innodb-buffer-pool-size=1G \
  --innodb-flush-log-at-trx-commit=0 --skip-log-bin >/dev/null 2>&1 &
mariadbd=$!
my() { mariadb --no-defaults -u root --socket="$work/my/socket" --local-infile=1 "$@"; }
until my -e 'select 1' >/dev/null 2>&1; do sleep 0.2; done
stop_mariadb() { kill -TERM "$mariadbd" 2>/dev/null || true; wait "$mariadbd" 2>/dev/null || true; stop; }
trap stop_mariadb EXIT

columns='id bigint primary key, username varchar(60), email varchar(120), password varchar(100), first_name varchar(40),
  last_name varchar(40), bio varchar(255), role varchar(20), is_active smallint, last_login timestamp NULL, created_at timestamp NULL, remember_token varchar(80)'
rows() { # COUNT -> a query that makes so many accounts: nine in ten with bcrypt, the others with SHA-1
  cat <<SQL
select n, 'user' || n, 'user' || n || '@mail.example',
  case when n % 10 > 0 then '\$2b\$12\$' || md5('a' || n) || substr(md5('b' || n), 1, 21)
    else encode(substr(sha256(('c' || n)::bytea), 1, 20), 'hex') end,
  'First' || n % 5000, 'Last' || n % 9000, md5('d' || n) || ' likes ' || md5('e' || n) || ' and ' || md5('f' || n) || '.',
  case when n % 1000 = 0 then 'admin' else 'customer' end, case when n % 20 = 0 then 0 else 1 end,
  timestamp '2024-01-01' + n * interval '13 second', timestamp '2020-01-01' + n * interval '7 second', md5('g' || n) || md5('h' || n)
from generate_series(1, $1) n
SQL
}
echo "making $accounts accounts in three databases" >&2
sql -c "create table users ($columns)" -c "insert into users $(rows "$accounts")" -c 'vacuum (freeze, analyze) users'
sql -c 'copy users to stdout' >"$work/users.tsv"
my -e "create database app character set utf8mb4; use app; set foreign_key_checks=0; set unique_checks=0; create table users ($columns);
  load data local infile '$work/users.tsv' into table users character set utf8mb4; analyze table users" >/dev/null
sql -c 'copy users to stdout (format csv)' >"$work/users.csv"
sqlite3 "$work/users.db" "create table users ($columns)" '.mode csv' ".import $work/users.csv users"
rm -f "$work/users.tsv" "$work/users.csv"
cat "$work/users.db" >/dev/null

run=0
measure() { # NAME COMMAND…: appends "wall cpu rss_kb" to $work/NAME.times, but for the warm-up
  local name=$1
  shift
  /usr/bin/time -f '%e %U %S %M' -o "$work/one" "$@" >/dev/null 2>"$work/$name.err" || true
  tail -n 1 "$work/one" >"$work/last"
  ((run == 0)) || awk '{ print $1, $2 + $3, $4 }' "$work/last" >>"$work/$name.times"
}
median() { sort -n -k "$2,$2" "$work/$1.times" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'; }

pg="postgres://postgres@/postgres?host=$work/pg"
mysql="mysql://root@/app?socket=$work/my/socket"
# In pairs, one right after the other, so that both have the same machine.
for ((run = 0; run <= runs; run++)); do
  measure psql psql -qX -h "$work/pg" -U postgres -c 'copy users to stdout' postgres
  measure postgres "$credaudit" audit --quiet --format json --table users "$pg"
done
for ((run = 0; run <= runs; run++)); do
  measure mariadb mariadb --no-defaults -u root --socket="$work/my/socket" --quick -e 'select * from users' app
  measure mysql "$credaudit" audit --quiet --format json --table users "$mysql"
done
for ((run = 0; run <= runs; run++)); do
  measure sqlite3 sqlite3 "$work/users.db" .dump
  measure sqlite "$credaudit" audit --quiet --format json "$work/users.db"
done
if [ "${GROWTH:-no}" = yes ]; then
  sql -c "create unlogged table grown (id bigint primary key, login text, password text)" \
    -c "insert into grown select n, 'user' || n, md5('a' || n) from generate_series(1, ${accounts}0) n" -c 'vacuum (freeze, analyze) grown'
  run=1 measure grown "$credaudit" audit --quiet --format json --table grown "$pg"
fi

printf '%-34s %9s %12s %9s %9s\n' '' 'wall s' 'rows/s' 'CPU s' 'peak MB'
line() { # NAME WORDS [ACCOUNTS]
  awk -v w="$2" -v t="$(median "$1" 1)" -v c="$(median "$1" 2)" -v m="$(median "$1" 3)" -v n="${3:-$accounts}" \
    'BEGIN { printf "%-34s %9.2f %12.0f %9.2f %9.0f\n", w, t, n / t, c, m / 1024 }'
}
line psql 'psql COPY users TO STDOUT'
line postgres 'credaudit postgres://'
line mariadb 'mariadb --quick select *'
line mysql 'credaudit mysql://'
line sqlite3 'sqlite3 .dump'
line sqlite 'credaudit users.db'
[ ! -e "$work/grown.times" ] || line grown "credaudit postgres://, ${accounts}0" "${accounts}0"
peak=$(for name in postgres mysql sqlite grown; do [ ! -e "$work/$name.times" ] || median "$name" 3; done | sort -n | tail -n 1)
ratio() { awk -v a="$(median "$1" 1)" -v b="$(median "$2" 1)" 'BEGIN { printf "%.2f", a / b }'; }
echo "figures: postgres_ratio=$(ratio psql postgres) mariadb_ratio=$(ratio mariadb mysql) sqlite_ratio=$(ratio sqlite3 sqlite) peak_rss_mb=$((peak / 1024))"
