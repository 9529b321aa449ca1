-- All shards by one name, for analysts and other tools: to read, not to write. Run again after an
-- upgrade of Queqiao, which may have given the tables more columns.
CREATE DATABASE IF NOT EXISTS everywhere ON CLUSTER shards;
CREATE OR REPLACE TABLE everywhere.events ON CLUSTER shards
    AS queqiao.history ENGINE = Distributed('shards', 'queqiao', 'history');
CREATE OR REPLACE TABLE everywhere.order_lines ON CLUSTER shards
    AS queqiao.order_lines ENGINE = Distributed('shards', 'queqiao', 'order_lines');
