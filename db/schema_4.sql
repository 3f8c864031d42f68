-- What version 4 of the inventory adds to version 3 (schema_3.sql).

-- Which versions of places were read, where a store numbers them: what is as it was need not be fetched again. A row may go at any
-- time, then its place is read again; it may never stay when its hits do not.
CREATE TABLE known_version (
  scope INTEGER NOT NULL REFERENCES scope (id),
  version BLOB NOT NULL CHECK (length(version) = 16),  -- digest of the place, its version, and what read it: program, rules, collector
  sweep INTEGER NOT NULL REFERENCES sweep (id),        -- that read it
  PRIMARY KEY (scope, version)
) STRICT, WITHOUT ROWID;
