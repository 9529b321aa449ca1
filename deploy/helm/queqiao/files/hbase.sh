# Starts HBase (master, region server, ZooKeeper in one) or its Thrift server: the argument says which.
set -eu
mkdir -p /tmp/conf && cp /etc/engine/*.xml /etc/engine/log4j.properties /tmp/conf/
opens=
for one in java.lang java.lang.reflect java.nio java.util java.util.concurrent sun.nio.ch; do
  opens="$opens --add-opens=java.base/$one=ALL-UNNAMED"
done
opens="$opens --add-exports=java.base/jdk.internal.misc=ALL-UNNAMED"
opens="$opens --add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED"
opens="$opens -Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true"
main=org.apache.hadoop.hbase.master.HMaster
[ "$1" = master ] || main="org.apache.hadoop.hbase.thrift2.ThriftServer -p 9090 --infoport -1"
# shellcheck disable=SC2086  # both are lists of words
exec java -Xmx"$HEAP" $opens -cp '/tmp/conf:/opt/engine/*' $main start
