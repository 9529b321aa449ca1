#!/usr/bin/env bash
# Installs the system packages that the tests use.
set -euo pipefail
wanted=()
command -v chromium >/dev/null || wanted+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
# In /usr/sbin, which a user's path may lack.
[ -x /usr/sbin/nginx ] || wanted+=(nginx-light)
[ -x /usr/sbin/logrotate ] || wanted+=(logrotate)
command -v strace >/dev/null || wanted+=(strace)
fc-list 2>/dev/null | grep -qi 'noto.*cjk' || wanted+=(fonts-noto-cjk fontconfig)
exec "$(dirname "$0")/../deploy/install_packages.sh" "The tests" "${wanted[@]}"
