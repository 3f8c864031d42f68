-- What version 5 of the inventory adds to version 4 (schema_4.sql).

-- Directories that were read whole, with all below them, in scopes that the last sweep did not finish: `scan --resume` passes over
-- them. Empty while no sweep runs, but after one that was interrupted. None lies below another of its scope.
CREATE TABLE tree_read (
  scope INTEGER NOT NULL REFERENCES scope (id),
  place TEXT NOT NULL,
  directories INTEGER NOT NULL,  -- this one and those below it
  files_seen INTEGER NOT NULL,
  files_read INTEGER NOT NULL,
  bytes_read INTEGER NOT NULL,
  PRIMARY KEY (scope, place)
) STRICT, WITHOUT ROWID;
