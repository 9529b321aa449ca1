#!/usr/bin/env bash
# install_packages.sh WHO [PACKAGE ...]: installs packages of the system where it may; else prints
# the one line to run, naming who needs them.
set -euo pipefail
who=$1
shift
[ $# -eq 0 ] && exit 0
install="apt-get install -y --no-install-recommends $*"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq -o Acquire::Retries=3
  $install -o Acquire::Retries=3 >/dev/null
else
  echo "$who need system packages. Run:  sudo apt-get update && sudo $install" >&2
  exit 1
fi
