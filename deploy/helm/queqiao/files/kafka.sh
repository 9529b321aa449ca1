# Starts one node of Kafka; the number at the end of the host's name is the node's.
set -eu
node=${HOSTNAME##*-}
sed "s/@NODE@/$node/g" /etc/engine/kafka.properties > /tmp/server.properties
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted -t "$CLUSTER_ID" -c /tmp/server.properties
exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties
