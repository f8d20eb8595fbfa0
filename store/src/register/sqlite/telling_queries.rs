//! Statements about teams, routes, notices, messages and tries.

// Teams and routes ---------------------------------------------------------------------------

pub const TEAMS: &str = "SELECT body FROM team ORDER BY id";
pub const TEAM: &str = "SELECT body FROM team WHERE id = ?1";
pub const SET_TEAM: &str =
    "INSERT INTO team (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = ?2";
pub const REMOVE_TEAM: &str = "DELETE FROM team WHERE id = ?1";
pub const ROUTES: &str = "SELECT body FROM route ORDER BY id";
pub const ROUTE_TO: &str = "SELECT id FROM route WHERE team = ?1 LIMIT 1";
pub const SET_ROUTE: &str = "INSERT INTO route (id, team, body) VALUES (?1, ?2, ?3)
     ON CONFLICT (id) DO UPDATE SET team = ?2, body = ?3";
pub const REMOVE_ROUTE: &str = "DELETE FROM route WHERE id = ?1";

// Notices ------------------------------------------------------------------------------------

pub const ADD_NOTICE: &str = "INSERT OR IGNORE INTO notice
     (id, episode, occasion, opening, level, severity, at_ms, body)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
pub const TOLD_AS_SEVERE: &str =
    "SELECT 1 FROM notice WHERE episode = ?1 AND opening = ?2 AND severity >= ?3 LIMIT 1";
pub const NOTICES_WAITING: &str = "SELECT id, occasion, level, at_ms, body FROM notice
     WHERE expanded_at_ms IS NULL ORDER BY number LIMIT ?1";
pub const NOTICE: &str = "SELECT id, occasion, level, at_ms, body FROM notice WHERE id = ?1";
pub const EXPANDED: &str = "UPDATE notice SET expanded_at_ms = ?2, wrong = ?3
     WHERE id = ?1 AND expanded_at_ms IS NULL";

// Escalation ---------------------------------------------------------------------------------

pub const SET_ESCALATION: &str = "INSERT INTO escalation
     (episode, opening, severity, paged_at_ms, level, due_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
     ON CONFLICT (episode, opening) DO UPDATE SET
       severity = max(severity, ?3), due_at_ms = min(due_at_ms, ?6)";
/// Makes room for the next step.
pub const STEP_DONE: &str = "DELETE FROM escalation WHERE episode = ?1 AND opening = ?2";
pub const END_ESCALATION: &str = "DELETE FROM escalation WHERE episode = ?1";
pub const ESCALATIONS_DUE: &str =
    "SELECT episode, opening, severity, paged_at_ms, level, due_at_ms FROM escalation
     WHERE due_at_ms <= ?1 ORDER BY due_at_ms LIMIT ?2";
pub const SHIFT_ESCALATIONS: &str =
    "UPDATE escalation SET due_at_ms = due_at_ms + ?1, paged_at_ms = paged_at_ms + ?1";
pub const SHIFT_DELIVERIES: &str = "UPDATE delivery SET due_at_ms = due_at_ms + ?1
     WHERE state IN ('waiting', 'held')";

// Our own alerts -----------------------------------------------------------------------------

pub const NEXT_EVENT: &str = "UPDATE watch SET last_event = last_event + 1";
pub const ADD_NEXT_EVENT: &str =
    "INSERT INTO stream (id, kind, body) SELECT last_event, ?1, ?2 FROM watch";

// Messages -----------------------------------------------------------------------------------

pub const ADD_DELIVERY: &str = "INSERT OR IGNORE INTO delivery
     (key, notice, episode, occasion, severity, team, contact, channel, address, message,
      made_at_ms, state, due_at_ms)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
/// What waits and was never tried is of no use when the alert is over.
pub const OVERTAKE: &str = "UPDATE delivery SET state = 'overtaken', ended_at_ms = ?2
     WHERE episode = ?1 AND tries = 0 AND (state = 'held' OR (state = 'waiting' AND due_at_ms > ?2))";
pub const RELEASE: &str = "UPDATE delivery SET state = 'waiting', due_at_ms = ?2
     WHERE episode = ?1 AND (state = 'held' OR (state = 'waiting' AND tries = 0 AND due_at_ms > ?2))";
pub const TOLD_SINCE: &str = "SELECT contact, count(DISTINCT coalesce(notice, key)) FROM delivery
     WHERE made_at_ms >= ?1 GROUP BY contact";
pub const TOLD_OF: &str = "SELECT number, key, notice, episode, occasion, severity, team, contact,
     channel, address, message, made_at_ms, state, due_at_ms, tries, ended_at_ms, digest
     FROM delivery WHERE number IN (SELECT max(number) FROM delivery
       WHERE episode = ?1 AND occasion NOT IN ('cleared', 'test', 'digest')
         AND (state IN ('sent', 'refused', 'expired', 'digested') OR (state = 'waiting' AND tries > 0)
              OR (state = 'waiting' AND due_at_ms <= made_at_ms))
       GROUP BY contact, channel, address) ORDER BY number";
pub const DELIVERIES_DUE: &str = "SELECT number, key, notice, episode, occasion, severity, team,
     contact, channel, address, message, made_at_ms, state, due_at_ms, tries, ended_at_ms, digest
     FROM delivery WHERE number IN (SELECT number FROM delivery INDEXED BY delivery_due
       WHERE state = 'waiting' AND channel = ?1 AND due_at_ms <= ?2
       ORDER BY severity DESC, due_at_ms LIMIT ?3)
     ORDER BY severity DESC, due_at_ms";
pub const ADD_TRY: &str = "INSERT OR IGNORE INTO delivery_try
     (delivery, n, at_ms, outcome, answer, next_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub const AFTER_TRY: &str = "UPDATE delivery SET tries = ?2, state = ?3,
     due_at_ms = coalesce(?4, due_at_ms), ended_at_ms = ?5 WHERE number = ?1";
pub const HELD_DUE: &str = "SELECT contact, team, channel, address, max(due_at_ms) FROM delivery
     WHERE state = 'held' AND due_at_ms <= ?1 GROUP BY contact, channel, address LIMIT ?2";
pub const HELD_COUNTS: &str = "SELECT severity, occasion, count(*) FROM delivery
     WHERE state = 'held' AND contact = ?1 AND channel = ?2 AND address = ?3 AND due_at_ms <= ?4
     GROUP BY severity, occasion ORDER BY severity DESC, occasion";
pub const HELD_WORST: &str = "SELECT message FROM delivery
     WHERE state = 'held' AND contact = ?1 AND channel = ?2 AND address = ?3 AND due_at_ms <= ?4
     ORDER BY occasion = 'cleared', severity DESC, number DESC LIMIT 5";
pub const DIGESTED: &str = "UPDATE delivery SET state = 'digested', ended_at_ms = ?4, digest = ?5
     WHERE state = 'held' AND contact = ?1 AND channel = ?2 AND address = ?3 AND due_at_ms <= ?4";

/// ?1: before which number; ?2: how many; ?3 … ?6: of which alert, contact, channel, state.
pub const DELIVERIES: &str = "SELECT number, key, notice, episode, occasion, severity, team, contact,
     channel, address, message, made_at_ms, state, due_at_ms, tries, ended_at_ms, digest FROM delivery
     WHERE number < ?1 AND ?3 IS NULL AND ?4 IS NULL AND (?5 IS NULL OR channel = ?5)
       AND (?6 IS NULL OR state = ?6) ORDER BY number DESC LIMIT ?2";
pub const DELIVERIES_OF_EPISODE: &str = "SELECT number, key, notice, episode, occasion, severity,
     team, contact, channel, address, message, made_at_ms, state, due_at_ms, tries, ended_at_ms,
     digest FROM delivery WHERE number < ?1 AND episode = ?3 AND (?4 IS NULL OR contact = ?4)
       AND (?5 IS NULL OR channel = ?5) AND (?6 IS NULL OR state = ?6)
     ORDER BY number DESC LIMIT ?2";
pub const DELIVERIES_OF_CONTACT: &str = "SELECT number, key, notice, episode, occasion, severity,
     team, contact, channel, address, message, made_at_ms, state, due_at_ms, tries, ended_at_ms,
     digest FROM delivery WHERE number < ?1 AND ?3 IS NULL AND contact = ?4
       AND (?5 IS NULL OR channel = ?5) AND (?6 IS NULL OR state = ?6)
     ORDER BY number DESC LIMIT ?2";
pub const DELIVERY: &str = "SELECT number, key, notice, episode, occasion, severity, team, contact,
     channel, address, message, made_at_ms, state, due_at_ms, tries, ended_at_ms, digest FROM delivery
     WHERE number = ?1";
pub const TRIES: &str =
    "SELECT n, at_ms, outcome, answer, next_at_ms FROM delivery_try WHERE delivery = ?1 ORDER BY n";
pub const QUEUE: &str = "SELECT count(*), min(made_at_ms) FROM delivery INDEXED BY delivery_due
     WHERE state = 'waiting' AND channel = ?1 AND (due_at_ms <= ?2 OR tries > 0)";
pub const TOTALS: &str = "SELECT
     (SELECT count(*) FROM notice WHERE expanded_at_ms IS NULL),
     (SELECT count(*) FROM delivery WHERE state = 'waiting'),
     (SELECT count(*) FROM delivery WHERE state = 'held'),
     (SELECT count(*) FROM notice WHERE wrong = 'fallback' AND expanded_at_ms >= ?1),
     (SELECT count(*) FROM notice WHERE wrong = 'nobody' AND expanded_at_ms >= ?1),
     (SELECT count(*) FROM delivery WHERE made_at_ms >= ?1 AND state IN ('refused', 'expired'))";

pub const PRUNE_TRIES: &str =
    "DELETE FROM delivery_try WHERE delivery IN (SELECT number FROM delivery
     WHERE made_at_ms < ?1 AND ended_at_ms IS NOT NULL ORDER BY made_at_ms LIMIT ?2)";
pub const PRUNE_DELIVERIES: &str =
    "DELETE FROM delivery WHERE number IN (SELECT number FROM delivery
     WHERE made_at_ms < ?1 AND ended_at_ms IS NOT NULL ORDER BY made_at_ms LIMIT ?2)";
/// Of an alert that stands the notices stay: by them is known what was told.
pub const PRUNE_NOTICES: &str = "DELETE FROM notice WHERE number IN (SELECT number FROM notice
     JOIN episode ON episode.id = notice.episode
     WHERE notice.at_ms < ?1 AND notice.expanded_at_ms IS NOT NULL
       AND episode.cleared_at_ms IS NOT NULL AND episode.cleared_at_ms < ?1 LIMIT ?2)";

pub const SET_KEY: &str = "INSERT OR IGNORE INTO telling_key (one, secret) VALUES (1, ?1)";
pub const KEY: &str = "SELECT secret FROM telling_key";

// The alarm budget ---------------------------------------------------------------------------

pub const TOLD_PAGES: &str = "SELECT contact, min(made_at_ms), episode FROM delivery
     WHERE made_at_ms >= ?1 AND made_at_ms < ?2 AND notice IS NOT NULL
       AND occasion NOT IN ('cleared', 'listed', 'test') AND state <> 'overtaken'
     GROUP BY contact, notice ORDER BY 2 LIMIT ?3";
pub const ALERTS_WITHIN: &str = "SELECT id, body FROM episode
     WHERE raised_at_ms < ?2 AND (raised_at_ms >= ?1 OR cleared_at_ms IS NULL)
     ORDER BY raised_at_ms LIMIT ?3";
