-- All shards by one name, for analysts and other tools: to read, not to write. Run again after an
-- upgrade of Queqiao, which may have given the tables more columns.
CREATE DATABASE IF NOT EXISTS everywhere ON CLUSTER queqiao;
CREATE OR REPLACE TABLE everywhere.events ON CLUSTER queqiao
    AS queqiao.history ENGINE = Distributed('queqiao', 'queqiao', 'history');
CREATE OR REPLACE TABLE everywhere.order_lines ON CLUSTER queqiao
    AS queqiao.order_lines ENGINE = Distributed('queqiao', 'queqiao', 'order_lines');
