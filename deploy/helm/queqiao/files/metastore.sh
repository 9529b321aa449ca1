# Starts Hive's metastore.
set -eu
mkdir -p /tmp/conf && cp /etc/engine/*.xml /etc/engine/log4j2.properties /tmp/conf/
opens=
for one in java.lang java.net java.util; do opens="$opens --add-opens=java.base/$one=ALL-UNNAMED"; done
# shellcheck disable=SC2086  # a list of words
exec java -Xmx"$HEAP" $opens -Dlog4j2.configurationFile=/tmp/conf/log4j2.properties -cp '/tmp/conf:/opt/engine/*' \
  org.apache.hadoop.hive.metastore.HiveMetaStore -p 9083
