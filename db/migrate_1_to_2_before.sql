-- From version 1: its tables step aside, so that version 2 can be made as in a new file (then migrate_1_to_2_after.sql).
DROP VIEW hits;
DROP VIEW tokens;
DROP VIEW coverage;
DROP INDEX gap_visit;
DROP INDEX hit_place;
ALTER TABLE key RENAME TO old_key;
ALTER TABLE sweep RENAME TO old_sweep;
ALTER TABLE source RENAME TO old_source;
ALTER TABLE realm RENAME TO old_realm;
ALTER TABLE scope RENAME TO old_scope;
ALTER TABLE visit RENAME TO old_visit;
ALTER TABLE gap RENAME TO old_gap;
ALTER TABLE token RENAME TO old_token;
ALTER TABLE hit RENAME TO old_hit;
ALTER TABLE flag RENAME TO old_flag;
