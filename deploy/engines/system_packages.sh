#!/usr/bin/env bash
# Installs the system packages that the engines use.
set -euo pipefail
wanted=()
command -v java >/dev/null || wanted+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || wanted+=(maven)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
command -v redis-server >/dev/null || wanted+=(redis-server)
command -v prometheus >/dev/null || wanted+=(prometheus)
exec "$(dirname "$0")/../install_packages.sh" "The engines" "${wanted[@]}"
