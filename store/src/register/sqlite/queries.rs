//! Every statement, by name. Lists go by key: the last row of a page says where the next begins.

/// Which migrations have run.
pub const SCHEMA: &str = "PRAGMA user_version";
/// Whose file it is.
pub const APPLICATION: &str = "PRAGMA application_id";
/// How many tables there are: none in a file just made.
pub const TABLES: &str = "SELECT count(*) FROM sqlite_schema";

// Sources ------------------------------------------------------------------------------------

pub const SOURCES: &str = "SELECT code, body FROM source WHERE code > ?1 ORDER BY code LIMIT ?2";
pub const SOURCE: &str = "SELECT code, body FROM source WHERE code = ?1";
pub const SOURCE_KIND: &str = "SELECT kind FROM source WHERE code = ?1";
pub const DEVICES: &str = "SELECT device, code, kind FROM source WHERE device IS NOT NULL";
pub const HOLDER_OF_DEVICE: &str = "SELECT code FROM source WHERE device = ?1";
/// Lets go of a source's device where it gets another, so that two sources can change theirs over
/// within one batch.
pub const FREE_DEVICE: &str =
    "UPDATE source SET device = NULL WHERE code = ?1 AND device IS NOT NULL AND device IS NOT ?2";
pub const SET_SOURCE: &str = "INSERT INTO source (code, kind, device, body, entered_at_ms)
     VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (code) DO UPDATE SET kind = ?2, device = ?3, body = ?4";
pub const REMOVE_SOURCE: &str = "DELETE FROM source WHERE code = ?1";
pub const REMOVE_STANDING: &str = "DELETE FROM standing WHERE code = ?1";

// Flow tests, windows, incidents, permits ----------------------------------------------------

pub const ENTER: &str =
    "INSERT INTO entry (id, kind, source, at_ms, body) VALUES (?1, ?2, ?3, ?4, ?5)";
pub const SET_RULES: &str = "INSERT INTO rule_set (scope, body) VALUES (?1, ?2)
    ON CONFLICT (scope) DO UPDATE SET body = excluded.body";
pub const UNSET_RULES: &str = "DELETE FROM rule_set WHERE scope = ?1";
pub const RULE_SETS: &str = "SELECT scope, body FROM rule_set ORDER BY scope";
pub const ENTRY: &str = "SELECT kind, source, at_ms, ended_at_ms FROM entry WHERE id = ?1";
pub const END_ENTRY: &str = "UPDATE entry SET ended_at_ms = ?2 WHERE id = ?1";
pub const ENTRIES: &str = "SELECT id, body, ended_at_ms FROM entry
     WHERE kind = ?1 AND (at_ms, id) < (?2, ?3) ORDER BY at_ms DESC, id DESC LIMIT ?4";
pub const ENTRIES_STANDING: &str = "SELECT id, body, ended_at_ms FROM entry
     WHERE kind = ?1 AND (at_ms, id) < (?2, ?3) AND ended_at_ms IS NULL
     ORDER BY at_ms DESC, id DESC LIMIT ?4";
pub const ENTRIES_OF_SOURCE: &str = "SELECT id, body, ended_at_ms FROM entry
     WHERE kind = ?1 AND (at_ms, id) < (?2, ?3) AND source = ?5
     ORDER BY at_ms DESC, id DESC LIMIT ?4";
pub const ENTRIES_STANDING_OF_SOURCE: &str = "SELECT id, body, ended_at_ms FROM entry
     WHERE kind = ?1 AND (at_ms, id) < (?2, ?3) AND source = ?5 AND ended_at_ms IS NULL
     ORDER BY at_ms DESC, id DESC LIMIT ?4";

// Inspections, work and photos ---------------------------------------------------------------

/// The same thing found broken again, while it waits to be mended, is the same work; and what was
/// mended since is not found by an inspection from before.
pub const ADD_WORK: &str = "INSERT INTO work (id, source, inspection, item, found_at_ms)
     SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS
     (SELECT 1 FROM work WHERE source = ?2 AND item = ?4
      AND (done_at_ms IS NULL OR done_at_ms > ?5))";
/// What a struck-out inspection found was never there; what was done about it stays.
pub const STRIKE_WORK: &str = "DELETE FROM work WHERE inspection = ?1 AND done_at_ms IS NULL";
/// Inspections of a source that stand, oldest first: ?1 the source, ?2 the kind of entry.
pub const STANDING_INSPECTIONS: &str = "SELECT id, body FROM entry
     WHERE source = ?1 AND kind = ?2 AND ended_at_ms IS NULL ORDER BY at_ms, id LIMIT 10000";
pub const WORK_DONE: &str =
    "UPDATE work SET done_at_ms = ?2, done_by = ?3, note = ?4, photos = ?5 WHERE id = ?1";
pub const WORK: &str = "SELECT id, source, inspection, item, found_at_ms, done_at_ms, done_by,
     note, photos FROM work WHERE id = ?1";
/// ?1, ?2: after which; ?3: how many; ?4: 1 open, 0 done, null both.
pub const WORKS: &str = "SELECT id, source, inspection, item, found_at_ms, done_at_ms, done_by,
     note, photos FROM work
     WHERE (found_at_ms, id) < (?1, ?2) AND (?4 IS NULL OR (done_at_ms IS NULL) = ?4)
     ORDER BY found_at_ms DESC, id DESC LIMIT ?3";
/// The same where only what is open is asked for: by its own index.
pub const WORKS_OPEN: &str =
    "SELECT id, source, inspection, item, found_at_ms, done_at_ms, done_by,
     note, photos FROM work
     WHERE (found_at_ms, id) < (?1, ?2) AND done_at_ms IS NULL AND (?4 IS NULL OR ?4 = 1)
     ORDER BY found_at_ms DESC, id DESC LIMIT ?3";
/// The same of one source, ?5.
pub const WORKS_OF_SOURCE: &str =
    "SELECT id, source, inspection, item, found_at_ms, done_at_ms, done_by,
     note, photos FROM work
     WHERE (found_at_ms, id) < (?1, ?2) AND (?4 IS NULL OR (done_at_ms IS NULL) = ?4)
       AND source = ?5
     ORDER BY found_at_ms DESC, id DESC LIMIT ?3";
/// When each source was entered and last looked at.
pub const LOOKED_AT: &str = "SELECT source.code, source.entered_at_ms,
     (SELECT max(at_ms) FROM entry
      WHERE entry.source = source.code AND kind = 'inspection' AND ended_at_ms IS NULL)
     FROM source ORDER BY source.code";
/// When source ?1 was first looked at from ?2 until ?3.
pub const INSPECTED_WITHIN: &str = "SELECT min(at_ms) FROM entry
     WHERE source = ?1 AND kind = 'inspection' AND ended_at_ms IS NULL AND at_ms BETWEEN ?2 AND ?3";
pub const ENTRY_BODY: &str = "SELECT id, body, ended_at_ms FROM entry WHERE kind = ?1 AND id = ?2";
pub const PHOTO_BYTES: &str = "SELECT bytes FROM photo_total";
pub const ADD_PHOTO: &str =
    "INSERT INTO photo (id, media, at_ms, by, bytes) VALUES (?1, ?2, ?3, ?4, ?5)";
pub const HAS_PHOTO: &str = "SELECT 1 FROM photo WHERE id = ?1";
pub const NAME_PHOTO: &str = "UPDATE photo SET named = 1 WHERE id = ?1";
pub const PHOTO_SENT_AGAIN: &str = "UPDATE photo SET at_ms = ?2 WHERE id = ?1 AND named = 0";
pub const DROP_UNNAMED_PHOTOS: &str = "DELETE FROM photo WHERE id IN
     (SELECT id FROM photo WHERE named = 0 AND at_ms < ?1 ORDER BY at_ms LIMIT ?2)";
pub const PHOTO: &str = "SELECT id, media, at_ms, by, bytes FROM photo WHERE id = ?1";

// Changes ------------------------------------------------------------------------------------

pub const NEWEST_CHANGE: &str = "SELECT coalesce(max(number), 0) FROM change";
pub const ADD_CHANGE: &str = "INSERT INTO change (number, at_ms, by, body) VALUES (?1, ?2, ?3, ?4)";
pub const CHANGES_BEFORE: &str =
    "SELECT number, at_ms, by, body FROM change WHERE number < ?1 ORDER BY number DESC LIMIT ?2";
pub const CHANGES_AFTER: &str =
    "SELECT number, at_ms, by, body FROM change WHERE number > ?1 ORDER BY number LIMIT ?2";

// Logins -------------------------------------------------------------------------------------

pub const SET_LOGIN: &str = "INSERT INTO login
     (name, secret_sha256, devices, created_at_ms, broker_hash)
     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET
     secret_sha256 = ?2, devices = ?3, created_at_ms = ?4, broker_hash = ?5";
pub const REMOVE_LOGIN: &str = "DELETE FROM login WHERE name = ?1";
pub const LOGIN: &str = "SELECT name, secret_sha256, devices, created_at_ms, broker_hash
     FROM login WHERE name = ?1";
pub const LOGINS: &str = "SELECT name, secret_sha256, devices, created_at_ms, broker_hash
     FROM login WHERE name > ?1 ORDER BY name LIMIT ?2";

/// A number that moves with every change of a login, by triggers.
pub const LOGINS_VERSION: &str = "SELECT number FROM login_version";

// Commands to devices ------------------------------------------------------------------------

pub const ADD_COMMAND: &str = "INSERT INTO command (device, id, body, created_at_ms, expires_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
pub const COMMAND_BY_ID: &str = "SELECT number FROM command WHERE device = ?1 AND id = ?2";
pub const COMMANDS_WAITING: &str = "SELECT count(*) FROM command
     WHERE device = ?1 AND delivered_at_ms IS NULL AND answered_at_ms IS NULL AND expires_at_ms > ?2";
/// Keeps the newest ?2 of a device.
pub const PRUNE_COMMANDS: &str = "DELETE FROM command WHERE device = ?1 AND number <=
     (SELECT number FROM command WHERE device = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)";
pub const COMMANDS_PENDING: &str = "SELECT number, device, id, body, created_at_ms, expires_at_ms,
     sent_at_ms, published_at_ms, delivered_at_ms, answered_at_ms, ok, error, asked_by FROM command
     WHERE number > ?1 AND delivered_at_ms IS NULL AND answered_at_ms IS NULL
       AND expires_at_ms > ?2 ORDER BY number LIMIT ?3";
pub const COMMANDS_UNPUBLISHED: &str =
    "SELECT number, device, id, body, created_at_ms, expires_at_ms,
     sent_at_ms, published_at_ms, delivered_at_ms, answered_at_ms, ok, error, asked_by FROM command
     WHERE delivered_at_ms IS NULL AND answered_at_ms IS NULL
       AND (published_at_ms IS NULL OR published_at_ms <= ?3)
       AND expires_at_ms > ?1 ORDER BY number LIMIT ?2";
pub const COMMAND: &str = "SELECT number, device, id, body, created_at_ms, expires_at_ms,
     sent_at_ms, published_at_ms, delivered_at_ms, answered_at_ms, ok, error, asked_by FROM command
     WHERE number = ?1";
pub const COMMANDS_OF_DEVICE: &str =
    "SELECT number, device, id, body, created_at_ms, expires_at_ms,
     sent_at_ms, published_at_ms, delivered_at_ms, answered_at_ms, ok, error, asked_by FROM command
     WHERE device = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3";
pub const COMMAND_SENT: &str =
    "UPDATE command SET sent_at_ms = coalesce(sent_at_ms, ?2) WHERE number = ?1";
pub const COMMAND_PUBLISHED: &str = "UPDATE command SET published_at_ms = ?2 WHERE number = ?1";
pub const COMMAND_DELIVERED: &str =
    "UPDATE command SET delivered_at_ms = coalesce(delivered_at_ms, ?2) WHERE number = ?1";
pub const COMMAND_ANSWERED: &str = "UPDATE command SET answered_at_ms = ?3, ok = ?4, error = ?5
     WHERE device = ?1 AND id = ?2 AND answered_at_ms IS NULL";

pub const COMMAND_ASKED_BY: &str = "UPDATE command SET asked_by = ?2 WHERE number = ?1";
pub const COMMAND_OF_ID: &str = "SELECT number, device, id, body, created_at_ms, expires_at_ms,
     sent_at_ms, published_at_ms, delivered_at_ms, answered_at_ms, ok, error, asked_by FROM command
     WHERE device = ?1 AND id = ?2";

// Devices -------------------------------------------------------------------------------------

pub const SOURCE_OF_DEVICE: &str = "SELECT code, body FROM source WHERE device = ?1";
/// The device that a source is about to lose, if it is another than ?2.
pub const DEVICE_TO_FREE: &str =
    "SELECT device FROM source WHERE code = ?1 AND device IS NOT NULL AND device IS NOT ?2";
pub const END_TERM: &str =
    "INSERT INTO device_term (source, device, until_ms, next, replaced, reason, by)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
/// The newest first: of a source, before a number.
pub const TERMS_OF_SOURCE: &str =
    "SELECT number, device, until_ms, next, replaced, reason, by FROM device_term
     WHERE source = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3";
/// Since when a device that replaced another is where it is.
pub const REPLACED_AT: &str = "SELECT until_ms FROM device_term
     WHERE next = ?1 AND replaced = 1 ORDER BY number DESC LIMIT 1";
pub const DEVICE_FACTS: &str =
    "SELECT firmware, boot_at_ms, config, at_ms FROM device_fact WHERE device = ?1";
pub const NOTE_DEVICE: &str =
    "INSERT INTO device_fact (device, firmware, boot_at_ms, config, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (device) DO UPDATE SET firmware = coalesce(?2, firmware),
     boot_at_ms = max(coalesce(?3, boot_at_ms), coalesce(boot_at_ms, ?3)),
     config = coalesce(?4, config), at_ms = max(at_ms, ?5)";

// The own endpoint ---------------------------------------------------------------------------

pub const ENDPOINT_SESSIONS: &str =
    "SELECT login, client_id, keep_s, away_since_ms FROM endpoint_session";
pub const ENDPOINT_SUBSCRIPTIONS: &str =
    "SELECT login, client_id, filter FROM endpoint_subscription";
pub const KEEP_SESSION: &str =
    "INSERT INTO endpoint_session (login, client_id, keep_s, away_since_ms)
     VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (login, client_id) DO UPDATE SET keep_s = ?3, away_since_ms = ?4";
pub const FORGET_SESSION: &str = "DELETE FROM endpoint_session WHERE login = ?1 AND client_id = ?2";
pub const FORGET_SUBSCRIPTIONS: &str =
    "DELETE FROM endpoint_subscription WHERE login = ?1 AND client_id = ?2";
/// Of a kept session only.
pub const SUBSCRIBE: &str = "INSERT INTO endpoint_subscription (login, client_id, filter)
     SELECT login, client_id, ?3 FROM endpoint_session WHERE login = ?1 AND client_id = ?2
     ON CONFLICT DO NOTHING";
pub const UNSUBSCRIBE: &str =
    "DELETE FROM endpoint_subscription WHERE login = ?1 AND client_id = ?2 AND filter = ?3";
pub const DEVICE_STATUSES: &str = "SELECT device, payload FROM device_status";
/// Not of more devices than ?4.
pub const SET_DEVICE_STATUS: &str = "INSERT INTO device_status (device, payload, at_ms)
     SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM device_status WHERE device = ?1)
        OR (SELECT count(*) FROM device_status) < ?4
     ON CONFLICT (device) DO UPDATE SET payload = ?2, at_ms = ?3";
pub const FORGET_DEVICE_STATUS: &str = "DELETE FROM device_status WHERE device = ?1";

// What judging commits -----------------------------------------------------------------------

pub const COMMITTED: &str = "SELECT upto, change, last_event FROM watch";
pub const SET_COMMITTED: &str = "UPDATE watch SET upto = ?1, change = ?2, last_event = ?3";
pub const ADD_TAKEN: &str = "INSERT INTO taken (change, position) VALUES (?1, ?2)";
pub const TAKEN_AFTER: &str =
    "SELECT change, position FROM taken WHERE change > ?1 ORDER BY change";
pub const SET_STANDING: &str = "INSERT INTO standing (code, body) VALUES (?1, ?2)
     ON CONFLICT (code) DO UPDATE SET body = ?2";
/// Of registered sources only: one may have been removed while its last standing was under way.
pub const STANDINGS: &str =
    "SELECT standing.code, standing.body FROM standing JOIN source USING (code)";
pub const SET_EPISODE: &str =
    "INSERT INTO episode (id, source, rule, severity, raised_at_ms, cleared_at_ms, body)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     ON CONFLICT (id) DO UPDATE SET severity = ?4, cleared_at_ms = ?6, body = ?7";
pub const ADD_EVENT: &str = "INSERT INTO stream (id, kind, body) VALUES (?1, ?2, ?3)";

// Alerts and the stream ----------------------------------------------------------------------

pub const EPISODE: &str = "SELECT id, body, handling FROM episode WHERE id = ?1";
pub const EPISODE_PLACE: &str = "SELECT raised_at_ms FROM episode WHERE id = ?1";
/// ?1, ?2: after which; ?3: how many; ?4: least severity; ?5: rule or null; ?6: 1 open, 0 cleared,
/// null both; ?7: stage or null; ?8: whose, or null; ?9: 1 unacknowledged, 0 taken, null both.
pub const EPISODES: &str = "SELECT id, body, handling FROM episode
     WHERE (raised_at_ms, id) < (?1, ?2) AND severity >= ?4 AND (?5 IS NULL OR rule = ?5)
       AND (?6 IS NULL OR (cleared_at_ms IS NULL) = ?6)
       AND (?7 IS NULL OR stage = ?7) AND (?8 IS NULL OR assigned_to = ?8)
       AND (?9 IS NULL OR (stage = 0) = ?9)
     ORDER BY raised_at_ms DESC, id DESC LIMIT ?3";
/// The same where only those that stand are asked for: by their own index.
pub const EPISODES_OPEN: &str = "SELECT id, body, handling FROM episode
     WHERE (raised_at_ms, id) < (?1, ?2) AND severity >= ?4 AND (?5 IS NULL OR rule = ?5)
       AND cleared_at_ms IS NULL AND (?6 IS NULL OR ?6 = 1)
       AND (?7 IS NULL OR stage = ?7) AND (?8 IS NULL OR assigned_to = ?8)
       AND (?9 IS NULL OR (stage = 0) = ?9)
     ORDER BY raised_at_ms DESC, id DESC LIMIT ?3";
/// The same at one stage: by its own index.
pub const EPISODES_AT_STAGE: &str = "SELECT id, body, handling FROM episode
     WHERE (raised_at_ms, id) < (?1, ?2) AND severity >= ?4 AND (?5 IS NULL OR rule = ?5)
       AND (?6 IS NULL OR (cleared_at_ms IS NULL) = ?6) AND stage = ?7
       AND (?8 IS NULL OR assigned_to = ?8) AND (?9 IS NULL OR (stage = 0) = ?9)
     ORDER BY raised_at_ms DESC, id DESC LIMIT ?3";
/// The same of somebody: by its own index.
pub const EPISODES_ASSIGNED: &str = "SELECT id, body, handling FROM episode
     WHERE (raised_at_ms, id) < (?1, ?2) AND severity >= ?4 AND (?5 IS NULL OR rule = ?5)
       AND (?6 IS NULL OR (cleared_at_ms IS NULL) = ?6) AND (?7 IS NULL OR stage = ?7)
       AND assigned_to = ?8 AND (?9 IS NULL OR (stage = 0) = ?9)
     ORDER BY raised_at_ms DESC, id DESC LIMIT ?3";
/// The same of one source, ?10.
pub const EPISODES_OF_SOURCE: &str = "SELECT id, body, handling FROM episode
     WHERE (raised_at_ms, id) < (?1, ?2) AND severity >= ?4 AND (?5 IS NULL OR rule = ?5)
       AND (?6 IS NULL OR (cleared_at_ms IS NULL) = ?6) AND source = ?10
       AND (?7 IS NULL OR stage = ?7) AND (?8 IS NULL OR assigned_to = ?8)
       AND (?9 IS NULL OR (stage = 0) = ?9)
     ORDER BY raised_at_ms DESC, id DESC LIMIT ?3";
/// The same of several sources, ?10 (JSON), and of incidents with one of them among their members.
pub const EPISODES_OF_SOURCES: &str = "SELECT id, body, handling FROM episode
     WHERE (raised_at_ms, id) < (?1, ?2) AND severity >= ?4 AND (?5 IS NULL OR rule = ?5)
       AND (?6 IS NULL OR (cleared_at_ms IS NULL) = ?6)
       AND (source IN (SELECT value FROM json_each(?10)) OR EXISTS (
           SELECT 1 FROM json_each(body, '$.members') AS member
           WHERE member.value IN (SELECT value FROM json_each(?10))))
       AND (?7 IS NULL OR stage = ?7) AND (?8 IS NULL OR assigned_to = ?8)
       AND (?9 IS NULL OR (stage = 0) = ?9)
     ORDER BY raised_at_ms DESC, id DESC LIMIT ?3";
pub const STREAM_AFTER: &str =
    "SELECT id, kind, body FROM stream WHERE id > ?1 ORDER BY id LIMIT ?2";
/// Two questions, for each of which SQLite looks at one end only: of one it would look at every row.
pub const STREAM_EXTENT: &str = "SELECT coalesce((SELECT min(id) FROM stream), 0),
            coalesce((SELECT max(id) FROM stream), 0)";
pub const PRUNE_STREAM: &str = "DELETE FROM stream WHERE id <= (SELECT last_event FROM watch) - ?1";

// The checkpoint -----------------------------------------------------------------------------

pub const SET_CHECKPOINT: &str =
    "INSERT INTO checkpoint (one, upto, change, global) VALUES (1, ?1, ?2, ?3)
     ON CONFLICT (one) DO UPDATE SET upto = ?1, change = ?2, global = ?3";
pub const CHECKPOINT: &str = "SELECT upto, change, global FROM checkpoint";
pub const SET_CHECKPOINT_SETTINGS: &str =
    "INSERT INTO checkpoint_settings (code, settings) VALUES (?1, ?2)
     ON CONFLICT (code) DO UPDATE SET settings = ?2";
pub const SET_CHECKPOINT_STATE: &str = "INSERT INTO checkpoint_state (code, state) VALUES (?1, ?2)
     ON CONFLICT (code) DO UPDATE SET state = ?2";
pub const REMOVE_CHECKPOINT_SETTINGS: &str = "DELETE FROM checkpoint_settings WHERE code = ?1";
pub const REMOVE_CHECKPOINT_STATE: &str = "DELETE FROM checkpoint_state WHERE code = ?1";
/// By code, so that both tables are read from one end to the other.
pub const CHECKPOINT_SOURCES: &str = "SELECT state.code, settings.settings, state.state
     FROM checkpoint_state AS state LEFT JOIN checkpoint_settings AS settings USING (code)
     ORDER BY state.code";

// Our own parts ------------------------------------------------------------------------------

pub const CURSOR: &str = "SELECT position, state FROM cursor WHERE consumer = ?1";
pub const SET_CURSOR: &str = "INSERT INTO cursor (consumer, position, state) VALUES (?1, ?2, ?3)
     ON CONFLICT (consumer) DO UPDATE SET position = ?2, state = ?3";
pub const SET_STATUS: &str = "INSERT INTO part_status (part, body) VALUES (?1, ?2)
     ON CONFLICT (part) DO UPDATE SET body = ?2";
pub const STATUSES: &str = "SELECT part, body FROM part_status ORDER BY part";
