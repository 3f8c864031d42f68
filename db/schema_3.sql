-- The inventory, version 3 (PRAGMA user_version; PRAGMA application_id = 0x746b7377, "tksw").
--
-- What it knows: which sweeps ran, what each of them covered and could not read, every hit (one token or one name of a
-- token in one place) with its history, what was imported as evidence, and each change as an event. No table holds a secret's
-- value: of a value there is the keyed fingerprint, whose key lies outside this file, and a preview of a few characters.
--
-- Moments are whole seconds since 1970-01-01 UTC; the views show them as RFC 3339. Names of things come from outside and are
-- stored byte for byte: a path need not be valid UTF-8.

-- The key that the fingerprints were made with, by its name (nothing can be derived from it). Another key would give every
-- token a new fingerprint, so an inventory is only written with the key that it knows.
CREATE TABLE key (
  id TEXT NOT NULL PRIMARY KEY,  -- 16 hex digits
  since INTEGER NOT NULL         -- the first sweep that used it
) STRICT, WITHOUT ROWID;

-- One run of `tokensweep scan`, or one file that `tokensweep import inventory` took in.
CREATE TABLE sweep (
  id INTEGER PRIMARY KEY,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,          -- null while it runs, and where it was killed
  state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'incomplete', 'interrupted')),
  version TEXT NOT NULL,        -- of tokensweep
  rules_digest TEXT NOT NULL,   -- which rules looked
  plan TEXT NOT NULL DEFAULT '',  -- digest of what it was told to cover, and how: only the same plan can resume it
  CHECK (finished_at >= started_at)
) STRICT;

-- A configured source: what `--source` and messages call it.
CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  connector TEXT NOT NULL,      -- filesystem, github, ...: the export's `source`
  name TEXT NOT NULL,           -- the configured name; for `scan --path` the connector again
  UNIQUE (connector, name)
) STRICT;

-- Where places are unique: one host, one account, one organisation. Two sources may look into one realm.
CREATE TABLE realm (
  id INTEGER PRIMARY KEY,
  connector TEXT NOT NULL,
  name TEXT NOT NULL,
  UNIQUE (connector, name)
) STRICT;

-- A part of a realm that is listed from end to end or not: a root directory, a repository, a namespace. Scopes may nest.
CREATE TABLE scope (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES source (id),
  realm INTEGER NOT NULL REFERENCES realm (id),
  store TEXT NOT NULL,          -- as exported: host and root, org/repo, cluster/namespace
  prefix TEXT NOT NULL,         -- every place of the scope is this one or lies below it; '' is the whole realm
  UNIQUE (source, realm, store, prefix)
) STRICT;

-- Ids of rules that were in force together: few lists for many visits.
CREATE TABLE rule_list (
  id INTEGER PRIMARY KEY,
  rules TEXT NOT NULL UNIQUE    -- JSON: ["npm-access-token", …]
) STRICT;

-- What one sweep saw of one scope. Only a complete visit may have called anything gone.
CREATE TABLE visit (
  sweep INTEGER NOT NULL REFERENCES sweep (id),
  scope INTEGER NOT NULL REFERENCES scope (id),
  state TEXT NOT NULL CHECK (state IN ('open', 'complete', 'incomplete', 'denied', 'failed', 'skipped')),
  reason TEXT NOT NULL,         -- why not complete; empty where complete
  deep INTEGER NOT NULL CHECK (deep IN (0, 1)),  -- whether the places that only a deep sweep reads were read
  files_seen INTEGER NOT NULL,
  files_read INTEGER NOT NULL,
  bytes_read INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER CHECK (ended_at >= started_at),
  rules INTEGER REFERENCES rule_list (id),  -- in force; null where nobody knows: it did not end, or is older than version 3
  PRIMARY KEY (sweep, scope)
) STRICT, WITHOUT ROWID;

-- A place that a sweep should have looked into and could not: empty and refused never look the same.
CREATE TABLE gap (
  id INTEGER PRIMARY KEY,
  sweep INTEGER NOT NULL,
  scope INTEGER NOT NULL,
  place TEXT NOT NULL,
  reason TEXT NOT NULL,         -- what the system said
  incomplete INTEGER NOT NULL CHECK (incomplete IN (0, 1)),  -- whether something that would have been looked at was missed
  FOREIGN KEY (sweep, scope) REFERENCES visit (sweep, scope)
) STRICT;
CREATE INDEX gap_visit ON gap (sweep, scope);

-- The checks of the two tables below spell their words out with OR: for an IN, SQLite would build a list anew for each row.

-- One value, wherever it is held.
CREATE TABLE token (
  id INTEGER PRIMARY KEY,
  fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),  -- HMAC-SHA-256 under the key outside this file
  kid TEXT NOT NULL REFERENCES key (id),
  kind TEXT NOT NULL,           -- as its last sight said: npm-token, npm-legacy-token, ...
  preview TEXT,                 -- a few characters, where enough bits stay unknown
  checksum TEXT NOT NULL CHECK (checksum = 'none' OR checksum = 'valid' OR checksum = 'invalid'),
  first_seen INTEGER NOT NULL,  -- anywhere
  last_seen INTEGER NOT NULL CHECK (last_seen >= first_seen),
  -- What is concluded of the token as such, from all its places and the registry's list: null where that is no more than
  -- what its place says. Then it is in force in each place.
  class TEXT CHECK (class GLOB '[ABCD]'),
  confidence TEXT CHECK (confidence = 'confirmed' OR confidence = 'inferred' OR confidence = 'assumed'),
  reason TEXT,
  rank INTEGER,                 -- of the most downloaded package that it can publish, where that is known
  flags INTEGER NOT NULL DEFAULT 0,   -- the scope flags that follow from the registry's list
  places INTEGER NOT NULL DEFAULT 1,  -- where it is held, as of the last settling
  settled INTEGER NOT NULL DEFAULT 0 CHECK (settled = 0 OR settled = 1),  -- 0: something changed, to be concluded anew
  -- What a collector recognises it by, sealed to the collector's key, of which the first 8 bytes are the name; null without a
  -- collector, and where no sweep has seen the value since there was one.
  sealed BLOB CHECK (length(sealed) = 89),
  CHECK ((class IS NULL) = (confidence IS NULL) AND (class IS NULL) = (reason IS NULL))
) STRICT;

-- One token, or one name of a token, in one place. Hits stay when what they found is gone.
CREATE TABLE hit (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL,             -- stable while the same token or name stays in the same place, whichever scope finds it
  scope INTEGER NOT NULL REFERENCES scope (id),  -- that saw it last
  realm INTEGER NOT NULL REFERENCES realm (id),  -- of that scope: hits are settled by realm and place, across scopes
  place TEXT NOT NULL,          -- without what shifts (no line): the unit of retiring
  locator TEXT NOT NULL,        -- for people: path:line
  name TEXT NOT NULL,           -- the key or variable that holds it, '' where there is none
  token INTEGER REFERENCES token (id),           -- null where there is no value to read
  class TEXT NOT NULL CHECK (class GLOB '[ABCD]'),  -- in force: the token's where one is concluded, else the place's own
  -- The place's own class: what it says by itself.
  own_class TEXT NOT NULL CHECK (own_class GLOB '[ABCD]'),
  confidence TEXT NOT NULL CHECK (confidence = 'confirmed' OR confidence = 'inferred' OR confidence = 'assumed'),
  reason TEXT NOT NULL,         -- why its own class, one sentence
  rank INTEGER,                 -- of the package that it publishes, where that is known
  evidence TEXT NOT NULL,       -- what its own class follows from: JSON, [{"kind": …, "value": …, "from": …}, …]
  rule TEXT NOT NULL,           -- id of the rule that matched
  kind TEXT NOT NULL,           -- npm-token, reference, named-secret, ...
  registry TEXT,                -- the host that the token is for, where known
  preview TEXT,
  checksum TEXT NOT NULL CHECK (checksum = 'none' OR checksum = 'valid' OR checksum = 'invalid'),
  created_at INTEGER,           -- as the store says
  updated_at INTEGER,           -- as the store says
  age_basis TEXT NOT NULL CHECK (age_basis = 'updated_at' OR age_basis = 'created_at' OR age_basis = 'bounds' OR
    age_basis = 'file_mtime' OR age_basis = 'first_seen' OR age_basis = 'registry'),
  flags INTEGER NOT NULL,       -- the scope flags in force, one bit each: see flag; the place's own, and the token's
  own_flags INTEGER NOT NULL,   -- what the place says by itself
  deep INTEGER NOT NULL CHECK (deep = 0 OR deep = 1),  -- only a deep sweep looks there, so only a deep sweep may call it gone
  -- unknown: the last sweep did not reach it
  state TEXT NOT NULL CHECK (state = 'present' OR state = 'gone' OR state = 'unknown'),
  first_sweep INTEGER NOT NULL REFERENCES sweep (id),
  last_sweep INTEGER NOT NULL REFERENCES sweep (id),  -- the last that saw it
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL CHECK (last_seen >= first_seen),  -- also where the clock went back
  gone_at INTEGER,              -- when a complete sweep first missed it
  CHECK ((state = 'gone') = (gone_at IS NOT NULL))
) STRICT;
-- An id stands for one place, so this makes ids unique. There is none in the order of ids: they are random, and an index of
-- theirs (or of times) would rewrite a page for each hit, where places come in the order of the walk. It also settles a
-- scope: the hits at and below its prefix.
CREATE UNIQUE INDEX hit_place ON hit (realm, place, id);
-- All places of a token, and whether they agree and what is in force there, without reading the hits.
CREATE INDEX hit_token ON hit (token, state, own_class, class, own_flags, flags) WHERE token IS NOT NULL;

-- What changed. That a hit came is in the hit itself (first_sweep, first_seen) and has no row here.
CREATE TABLE event (
  id INTEGER PRIMARY KEY,
  sweep INTEGER REFERENCES sweep (id),    -- null for what an import changed
  at INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('returned', 'went', 'value_changed', 'moved', 'class_changed', 'flags_changed')),
  hit INTEGER NOT NULL REFERENCES hit (row),
  old_hit INTEGER REFERENCES hit (row),   -- of 'value_changed' and 'moved': the hit that went, whose place this one takes
  class TEXT,                             -- in force since; of 'class_changed'
  old_class TEXT,
  flags INTEGER,                          -- in force since; of 'flags_changed'
  old_flags INTEGER,
  CHECK ((kind IN ('value_changed', 'moved')) = (old_hit IS NOT NULL)),
  CHECK ((kind = 'class_changed') = (class IS NOT NULL AND old_class IS NOT NULL)),
  CHECK ((kind = 'flags_changed') = (flags IS NOT NULL AND old_flags IS NOT NULL))
) STRICT;
CREATE INDEX event_sweep ON event (sweep, hit);

-- What was imported: each file once for each import, the newest of an account counts.
CREATE TABLE list (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('npm-tokens', 'npm-packages', 'ranks')),
  account TEXT NOT NULL,                  -- whose list it is; empty for ranks
  file TEXT NOT NULL,                     -- where it was read from
  imported_at INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  text TEXT                               -- of ranks: the list itself, which says its date
) STRICT;

-- One token in the registry's own list of an account's tokens. Never a value: its beginning and its end.
CREATE TABLE listed_token (
  id INTEGER PRIMARY KEY,
  list INTEGER NOT NULL REFERENCES list (id),  -- that named it last
  account TEXT NOT NULL,
  key TEXT NOT NULL,                      -- the registry's id of it; where npm masked that, its beginning, end and creation
  name TEXT NOT NULL,
  first TEXT NOT NULL,                    -- its first characters
  last TEXT NOT NULL,                     -- its last characters, empty in older lists
  access TEXT NOT NULL CHECK (access IN ('unknown', 'none', 'read', 'stage', 'write')),
  all_packages INTEGER NOT NULL CHECK (all_packages IN (0, 1)),
  scopes TEXT NOT NULL,                   -- what it is limited to, space-separated: package:left-pad scope:@acme organisation:acme
  bypass_2fa INTEGER NOT NULL CHECK (bypass_2fa IN (0, 1)),
  classic INTEGER NOT NULL CHECK (classic IN (0, 1)),
  revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),
  ip_ranges TEXT NOT NULL,                -- space-separated
  created_at INTEGER,
  updated_at INTEGER,
  accessed_at INTEGER,
  expires_at INTEGER,
  gone_at INTEGER,                        -- when an import first missed it: deleted at the registry
  -- As if it were held in one place that says nothing: for what is stored nowhere.
  class TEXT NOT NULL CHECK (class GLOB '[ABCD]'),
  confidence TEXT NOT NULL CHECK (confidence IN ('confirmed', 'inferred', 'assumed')),
  reason TEXT NOT NULL,
  rank INTEGER,
  flags INTEGER NOT NULL,
  UNIQUE (account, key)
) STRICT;
CREATE INDEX listed_token_first ON listed_token (first);

-- Which listed tokens fit which stored ones, by what can be seen of both. More than one for a token: it is ambiguous.
CREATE TABLE fit (
  token INTEGER NOT NULL REFERENCES token (id),
  listed INTEGER NOT NULL REFERENCES listed_token (id),
  PRIMARY KEY (token, listed)
) STRICT, WITHOUT ROWID;
CREATE INDEX fit_listed ON fit (listed);

-- What an account, an organisation or a team can write.
CREATE TABLE writable_package (
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  list INTEGER NOT NULL REFERENCES list (id),
  PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

-- The company's policy as the last sweep had it: an export without a configuration keeps to it.
CREATE TABLE policy (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  text TEXT NOT NULL,                     -- TOML: the table [policy]
  file TEXT NOT NULL,                     -- where it was read from
  since INTEGER NOT NULL                  -- when it was first used
) STRICT;

-- The collector that tokens are sealed to, as the last sweep had it: an export without a configuration keeps to it.
CREATE TABLE collector (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  key TEXT NOT NULL,                      -- the line that `tokensweep collector init` printed; public
  since INTEGER NOT NULL                  -- when it was first used
) STRICT;

-- What the programme is judged by, after each sweep.
CREATE TABLE figure (
  sweep INTEGER NOT NULL REFERENCES sweep (id),
  name TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (sweep, name)
) STRICT, WITHOUT ROWID;

-- What the bits of hit.flags are called. Filled by tokensweep, which only ever appends.
CREATE TABLE flag (
  bit INTEGER PRIMARY KEY CHECK (bit BETWEEN 0 AND 62),
  name TEXT NOT NULL UNIQUE
) STRICT;

-- For people: every hit with the columns that an export has and the inventory knows (ages depend on today).
CREATE VIEW hits AS
SELECT hit.id, hit.class, coalesce(token.confidence, hit.confidence) AS confidence,
  coalesce(token.reason, hit.reason) AS reason, hit.rule, hit.kind, source.connector AS source,
  scope.store, hit.locator, hit.registry,
  CASE WHEN hit.token IS NOT NULL THEN 't' || lower(substr(hex(token.fingerprint), 1, 16)) END AS token,
  hit.preview, hit.checksum,
  strftime('%Y-%m-%dT%H:%M:%SZ', hit.created_at, 'unixepoch') AS created_at,
  strftime('%Y-%m-%dT%H:%M:%SZ', hit.updated_at, 'unixepoch') AS updated_at,
  hit.age_basis,
  strftime('%Y-%m-%dT%H:%M:%SZ', hit.first_seen, 'unixepoch') AS first_seen,
  strftime('%Y-%m-%dT%H:%M:%SZ', hit.last_seen, 'unixepoch') AS last_seen,
  strftime('%Y-%m-%dT%H:%M:%SZ', hit.gone_at, 'unixepoch') AS gone_at,
  hit.state,
  (SELECT coalesce(group_concat(name, ' '), '')
   FROM (SELECT name FROM flag WHERE hit.flags >> bit & 1 ORDER BY bit)) AS scope,
  hit.name, hit.place, source.name AS source_name, realm.name AS realm, hit.last_sweep
FROM hit
JOIN scope ON scope.id = hit.scope
JOIN source ON source.id = scope.source
JOIN realm ON realm.id = hit.realm
LEFT JOIN token ON token.id = hit.token;

-- For people: every token once, with how often and where it is held. A token whose hits are all gone has places 0.
CREATE VIEW tokens AS
SELECT 't' || lower(substr(hex(token.fingerprint), 1, 16)) AS token, token.kind, token.preview, token.checksum,
  min(hit.class) FILTER (WHERE hit.state <> 'gone') AS class,
  count(*) FILTER (WHERE hit.state <> 'gone') AS places,
  count(DISTINCT hit.scope) FILTER (WHERE hit.state <> 'gone') AS scopes,
  strftime('%Y-%m-%dT%H:%M:%SZ', token.first_seen, 'unixepoch') AS first_seen,
  strftime('%Y-%m-%dT%H:%M:%SZ', token.last_seen, 'unixepoch') AS last_seen
FROM token JOIN hit ON hit.token = token.id
GROUP BY token.id;

-- For people: what each sweep read, and how much it missed.
CREATE VIEW coverage AS
SELECT visit.sweep, sweep.state AS sweep_state, source.connector AS source, source.name AS source_name, scope.store,
  realm.name AS realm, scope.prefix, visit.state, visit.reason, visit.deep,
  visit.files_seen, visit.files_read, visit.bytes_read,
  (SELECT count(*) FROM gap WHERE gap.sweep = visit.sweep AND gap.scope = visit.scope AND gap.incomplete) AS missed,
  strftime('%Y-%m-%dT%H:%M:%SZ', visit.started_at, 'unixepoch') AS started_at,
  strftime('%Y-%m-%dT%H:%M:%SZ', visit.ended_at, 'unixepoch') AS ended_at
FROM visit
JOIN sweep ON sweep.id = visit.sweep
JOIN scope ON scope.id = visit.scope
JOIN source ON source.id = scope.source
JOIN realm ON realm.id = scope.realm;

-- For people: the figures of each sweep that ended, one a row.
CREATE VIEW figures AS
SELECT figure.sweep, strftime('%Y-%m-%dT%H:%M:%SZ', sweep.finished_at, 'unixepoch') AS at, figure.name, figure.value
FROM figure JOIN sweep ON sweep.id = figure.sweep;

-- For people: every change, those that came included.
CREATE VIEW events AS
SELECT event.sweep, strftime('%Y-%m-%dT%H:%M:%SZ', event.at, 'unixepoch') AS at, event.kind, hit.id AS hit,
  scope.store, hit.locator, old.locator AS old_locator, event.class, event.old_class,
  (SELECT coalesce(group_concat(name, ' '), '')
   FROM (SELECT name FROM flag WHERE event.flags >> bit & 1 ORDER BY bit)) AS scope,
  (SELECT coalesce(group_concat(name, ' '), '')
   FROM (SELECT name FROM flag WHERE event.old_flags >> bit & 1 ORDER BY bit)) AS old_scope
FROM event JOIN hit ON hit.row = event.hit JOIN scope ON scope.id = hit.scope
LEFT JOIN hit AS old ON old.row = event.old_hit
UNION ALL
SELECT hit.first_sweep, strftime('%Y-%m-%dT%H:%M:%SZ', hit.first_seen, 'unixepoch'), 'came', hit.id, scope.store,
  hit.locator, NULL, NULL, NULL, '', ''
FROM hit JOIN scope ON scope.id = hit.scope
WHERE NOT EXISTS (SELECT 1 FROM event WHERE event.sweep = hit.first_sweep AND event.hit = hit.row AND event.old_hit IS NOT NULL);
