# Starts the name node or a data node: the argument says which.
set -eu
mkdir -p /tmp/conf/webapps/hdfs/WEB-INF /tmp/conf/webapps/datanode/WEB-INF
cp /etc/engine/*.xml /etc/engine/log4j.properties /tmp/conf/
# The jars lack the pages of the web interface, without which the daemons end.
for pages in hdfs datanode; do echo '<web-app/>' > "/tmp/conf/webapps/$pages/WEB-INF/web.xml"; done
server=org.apache.hadoop.hdfs.server
set_up="-Xmx$HEAP --add-opens=java.base/java.lang=ALL-UNNAMED -cp /tmp/conf:/opt/engine/*"
set -f # a class path's star is Java's
if [ "$1" = namenode ]; then
  # shellcheck disable=SC2086  # a list of words
  [ -d /data/names/current ] || java $set_up $server.namenode.NameNode -format -nonInteractive
  # shellcheck disable=SC2086
  exec java $set_up $server.namenode.NameNode
fi
# shellcheck disable=SC2086
exec java $set_up $server.datanode.DataNode "-Ddfs.datanode.hostname=$(hostname -f)"
