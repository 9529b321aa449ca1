# Starts one ClickHouse Keeper; the number at the end of the host's name tells which.
set -eu
KEEPER_ID=$((${HOSTNAME##*-} + 1))
export KEEPER_ID
cd /var/lib/clickhouse-keeper
exec clickhouse-keeper --config-file=/etc/engine/keeper.xml
