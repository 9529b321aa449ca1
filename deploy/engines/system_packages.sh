#!/usr/bin/env bash
# Installs the system packages that the engines use, where it may; else prints the one line to run.
set -euo pipefail
wanted=()
command -v java >/dev/null || wanted+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || wanted+=(maven)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
command -v redis-server >/dev/null || wanted+=(redis-server)
command -v prometheus >/dev/null || wanted+=(prometheus)
[ ${#wanted[@]} -eq 0 ] && exit 0
install="apt-get install -y --no-install-recommends ${wanted[*]}"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  $install >/dev/null
else
  echo "The engines need system packages. Run:  sudo apt-get update && sudo $install" >&2
  exit 1
fi
