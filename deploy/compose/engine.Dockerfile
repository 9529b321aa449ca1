# Engines without an official image that runs them as we need: from the same jars and locks as
# deploy/engines. From the checkout, one a target:
#   docker build -f deploy/compose/engine.Dockerfile --target hdfs -t queqiao-hdfs:3.4.2 .
FROM maven:3.9-eclipse-temurin-17 AS fetch
ENV COPY_JARS="org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime"
ENV COPY_FILE="org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
COPY deploy/engines/poms /poms

FROM fetch AS fetch-hdfs
RUN mvn -B -q -ntp -f /poms/hdfs.xml $COPY_JARS -Dhadoop.version=3.4.2 -DoutputDirectory=/jars

FROM fetch AS fetch-hbase
RUN mvn -B -q -ntp -f /poms/hbase.xml $COPY_JARS -Dhbase.version=2.6.1 -DoutputDirectory=/jars

FROM fetch AS fetch-metastore
RUN mvn -B -q -ntp -f /poms/metastore.xml $COPY_JARS -Dhive.version=3.1.3 -Dhadoop.version=3.4.2 \
    -Dpostgresql.driver.version=42.7.7 -DoutputDirectory=/jars
RUN mvn -B -q -ntp $COPY_FILE -DoutputDirectory=/archive \
    -Dartifact=org.apache.hive:hive-standalone-metastore:3.1.3:tar.gz:bin \
 && tar -xzf /archive/*.tar.gz -C /archive \
 && cp "$(find /archive -name hive-schema-3.1.0.postgres.sql)" /schema.sql

FROM eclipse-temurin:17-jre AS java
RUN useradd --uid 10001 --no-create-home engine && install -d -o engine -g engine /data
USER 10001:10001
VOLUME /data

FROM java AS hdfs
COPY --from=fetch-hdfs /jars /opt/engine

FROM java AS hbase
COPY --from=fetch-hbase /jars /opt/engine

FROM java AS metastore
COPY --from=fetch-metastore /jars /opt/engine

FROM postgres:17 AS postgresql
COPY --from=fetch-metastore /schema.sql /opt/metastore/schema.sql

FROM python:3.11-slim-bookworm AS flink
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/*
COPY deploy/engines/environments/flink.lock /flink.lock
RUN pip install --no-cache-dir --require-hashes -r /flink.lock
RUN useradd --uid 10001 --no-create-home engine && install -d -o engine -g engine /data
USER 10001:10001
VOLUME /data
