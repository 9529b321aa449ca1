# Starts Flink's job manager or task manager: the argument says which.
set -eu
home=$(python3 -c 'import os, pyflink; print(os.path.dirname(pyflink.__file__))')
export FLINK_HOME="$home" FLINK_CONF_DIR="/tmp/conf-$1" FLINK_LOG_DIR=/tmp FLINK_PID_DIR=/tmp
# What Python functions need comes with the start: each job that brings it fills the metaspace some more.
export FLINK_LIB_DIR="/tmp/lib-$1"
mkdir -p "$FLINK_CONF_DIR" "$FLINK_LIB_DIR"
ln -sf "$home"/lib/*.jar "$home"/opt/flink-python-*.jar "$FLINK_LIB_DIR/"
cp "$home"/conf/log4j*.properties "$FLINK_CONF_DIR/"
cp /etc/engine/flink.yaml "$FLINK_CONF_DIR/config.yaml"
# Java 17: the packaged configuration carries these flags; one of our own must repeat them.
sed -n 's/^ *all: \(--add-.*\)$/env.java.opts.all: \1/p' "$home/conf/config.yaml" >> "$FLINK_CONF_DIR/config.yaml"
exec bash "$home/bin/$1.sh" start-foreground
