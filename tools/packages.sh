#!/usr/bin/env bash
# Installs the Debian packages that are missing: `build` for compiling, `test` for what the tests start and run.
set -euo pipefail

declare -a wanted=()
for group in "$@"; do
  case "$group" in
    build)
      wanted+=(gcc libc6-dev make pkg-config ca-certificates)
      # The engine for secret patterns: Hyperscan where there is one, its fork elsewhere.
      case "$(dpkg --print-architecture 2>/dev/null)" in
        amd64) wanted+=(libhyperscan-dev) ;;
        *) wanted+=(libvectorscan-dev) ;;
      esac
      ;;
    test) wanted+=(postgresql postgresql-client mariadb-server mariadb-client sqlite3 gzip zstd xz-utils bzip2 tar zip p7zip-full cpio rpm binutils git util-linux procps) ;;
    *) echo "packages.sh: no such group: $group" >&2; exit 2 ;;
  esac
done

declare -a missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
((${#missing[@]} == 0)) && exit 0

if ! command -v apt-get >/dev/null; then
  echo "Missing: ${missing[*]}. Install them with your system's package manager and run make again." >&2
  exit 1
fi
run=()
if ((EUID != 0)); then
  run=(sudo)
fi
echo "Installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
# Servers are started by the tests on ports of their own; the packages must not start any.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${run[@]}" tee "$policy" >/dev/null
  "${run[@]}" chmod +x "$policy"
  made_policy=yes
fi
trap '[ "$made_policy" = yes ] && "${run[@]}" rm -f "$policy"' EXIT
"${run[@]}" apt-get update -qq
"${run[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
