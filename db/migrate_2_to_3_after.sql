-- From version 2, the second half: its rows move into the tables of version 3. Which rules were in force at a visit comes with
-- the next visit, and boxes for a collector with the next sight of a token: version 2 wrote none.
INSERT INTO key SELECT * FROM old_key;
INSERT INTO sweep SELECT * FROM old_sweep;
INSERT INTO source SELECT * FROM old_source;
INSERT INTO realm SELECT * FROM old_realm;
INSERT INTO scope SELECT * FROM old_scope;
INSERT INTO visit (sweep, scope, state, reason, deep, files_seen, files_read, bytes_read, started_at, ended_at)
  SELECT sweep, scope, state, reason, deep, files_seen, files_read, bytes_read, started_at, ended_at FROM old_visit;
INSERT INTO gap SELECT * FROM old_gap;
INSERT INTO token (id, fingerprint, kid, kind, preview, checksum, first_seen, last_seen, class, confidence, reason, rank, flags,
    places, settled)
  SELECT id, fingerprint, kid, kind, preview, checksum, first_seen, last_seen, class, confidence, reason, rank, flags,
    places, settled FROM old_token;
INSERT INTO hit SELECT * FROM old_hit;
INSERT INTO event SELECT * FROM old_event;
INSERT INTO list SELECT * FROM old_list;
INSERT INTO listed_token SELECT * FROM old_listed_token;
INSERT INTO fit SELECT * FROM old_fit;
INSERT INTO writable_package SELECT * FROM old_writable_package;
INSERT INTO policy SELECT * FROM old_policy;
INSERT INTO figure SELECT * FROM old_figure;
INSERT INTO flag SELECT * FROM old_flag;
DROP TABLE old_flag;
DROP TABLE old_figure;
DROP TABLE old_policy;
DROP TABLE old_writable_package;
DROP TABLE old_fit;
DROP TABLE old_listed_token;
DROP TABLE old_list;
DROP TABLE old_event;
DROP TABLE old_hit;
DROP TABLE old_token;
DROP TABLE old_gap;
DROP TABLE old_visit;
DROP TABLE old_scope;
DROP TABLE old_realm;
DROP TABLE old_source;
DROP TABLE old_sweep;
DROP TABLE old_key;
