-- Questions that an auditor asks, for: sqlite3 ~/.local/share/tokensweep/inventory.db < examples/audit.sql
.headers on
.mode column

-- Is what we know complete? One row for each root of the last sweep.
SELECT store, state, reason, files_read, missed FROM coverage WHERE sweep = (SELECT max(id) FROM sweep);

-- What do we hold, by class?
SELECT class, count(DISTINCT coalesce(token, id)) AS tokens, count(*) AS places FROM hits WHERE state <> 'gone' GROUP BY class;

-- Which tokens are in more than one place?
SELECT token, preview, class, places FROM tokens WHERE places > 1 ORDER BY places DESC, token;

-- Which files hold the oldest tokens?
SELECT class, coalesce(updated_at, first_seen) AS since, store, locator FROM hits
WHERE state <> 'gone' AND kind <> 'reference' ORDER BY since LIMIT 10;
