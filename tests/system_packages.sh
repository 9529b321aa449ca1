#!/usr/bin/env bash
# Installs the system packages that the tests use, where it may; else prints the one line to run.
set -euo pipefail
wanted=()
command -v chromium >/dev/null || wanted+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
# In /usr/sbin, which a user's path may lack.
[ -x /usr/sbin/nginx ] || wanted+=(nginx-light)
[ -x /usr/sbin/logrotate ] || wanted+=(logrotate)
command -v strace >/dev/null || wanted+=(strace)
fc-list 2>/dev/null | grep -qi 'noto.*cjk' || wanted+=(fonts-noto-cjk fontconfig)
[ ${#wanted[@]} -eq 0 ] && exit 0
install="apt-get install -y --no-install-recommends ${wanted[*]}"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  $install >/dev/null
else
  echo "The tests need system packages. Run:  sudo apt-get update && sudo $install" >&2
  exit 1
fi
