-- From version 1, the second half: its rows move into the tables of version 2. A place's class was all that there was; its
-- evidence comes with the next sweep of the place. All tokens are to be concluded anew.
INSERT INTO key SELECT id, since FROM old_key;
INSERT INTO sweep (id, started_at, finished_at, state, version, rules_digest)
  SELECT id, started_at, finished_at, state, version, rules_digest FROM old_sweep;
INSERT INTO source SELECT id, connector, name FROM old_source;
INSERT INTO realm SELECT id, connector, name FROM old_realm;
INSERT INTO scope SELECT id, source, realm, store, prefix FROM old_scope;
INSERT INTO visit SELECT sweep, scope, state, reason, deep, files_seen, files_read, bytes_read, started_at, ended_at
  FROM old_visit;
INSERT INTO gap SELECT id, sweep, scope, place, reason, incomplete FROM old_gap;
INSERT INTO token (id, fingerprint, kid, kind, preview, checksum, first_seen, last_seen)
  SELECT id, fingerprint, kid, kind, preview, checksum, first_seen, last_seen FROM old_token;
INSERT INTO hit (row, id, scope, realm, place, locator, name, token, class, own_class, confidence, reason, evidence, rule,
    kind, registry, preview, checksum, created_at, updated_at, age_basis, flags, own_flags, deep, state, first_sweep,
    last_sweep, first_seen, last_seen, gone_at)
  SELECT row, id, scope, realm, place, locator, name, token, class, class, confidence, reason, '[]', rule,
    kind, registry, preview, checksum, created_at, updated_at, age_basis, flags, flags, deep, state, first_sweep,
    last_sweep, first_seen, last_seen, gone_at FROM old_hit;
INSERT INTO flag SELECT bit, name FROM old_flag;
DROP TABLE old_gap;
DROP TABLE old_visit;
DROP TABLE old_hit;
DROP TABLE old_token;
DROP TABLE old_scope;
DROP TABLE old_realm;
DROP TABLE old_source;
DROP TABLE old_sweep;
DROP TABLE old_key;
DROP TABLE old_flag;
