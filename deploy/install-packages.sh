#!/bin/sh
# Installs the Debian packages of the lists that are named: install-packages.sh build test
# Does nothing, and asks no server, where all of them are there already. A line package:command names the
# command that the package is for: where another package has brought it, the two would not go together.
set -eu
lists=$(cd "$(dirname "$0")/packages" && pwd)

wanted=""
for list in "$@"; do
  wanted="$wanted $(sed 's/#.*//' "$lists/$list.txt")"
done

is_there() {  # is_there PACKAGE:COMMAND
  case $1 in *:*) [ ! -x "/usr/bin/${1#*:}" ] || return 0 ;; esac
  status=$(dpkg-query -W -f '${db:Status-Status}' "${1%%:*}" 2>/dev/null || true)
  [ "$status" = installed ]
}

missing=""
for package in $wanted; do
  is_there "$package" || missing="$missing ${package%%:*}"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "these packages are missing; install them as root:$missing" >&2; exit 1; }
  as_root=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086  # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
