-- The password of a login in the form in which mosquitto keeps it ($7$: PBKDF2 with SHA-512), so
-- that it can be carried into the broker's files. Empty: made before it was kept.

ALTER TABLE login ADD COLUMN broker_hash TEXT NOT NULL DEFAULT '';
