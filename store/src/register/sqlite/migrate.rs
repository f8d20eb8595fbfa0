//! Bringing a register's schema up to ours: numbered migrations, each run once, all in one
//! transaction, with a copy of the file set aside before an existing one is touched.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::connection::{during, open_for_reading};
use super::queries as sql;
use crate::register::RegisterError;

/// The migrations in their order: the first makes schema 1, and so on. Never edit one that was
/// released; add another.
pub const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_register.sql"),
    include_str!("migrations/0002_commands.sql"),
    include_str!("migrations/0003_rules.sql"),
    include_str!("migrations/0004_inspections.sql"),
    include_str!("migrations/0005_access.sql"),
    include_str!("migrations/0006_alert_life.sql"),
    include_str!("migrations/0007_photos_named.sql"),
    include_str!("migrations/0008_devices.sql"),
    include_str!("migrations/0009_units.sql"),
    include_str!("migrations/0010_telling.sql"),
    include_str!("migrations/0011_broker_logins.sql"),
];

/// What SQLite's `application_id` says of a register of ours: `FMrg`.
const APPLICATION_ID: i64 = 0x464d_7267;

/// Runs the migrations that have not run yet. Another process that opens the file meanwhile waits.
pub fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<(), RegisterError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|e| during("opened", e))?;
    let found = schema_of(&transaction, path)?;
    let known = migrations.len() as i64;
    if found > known {
        return Err(RegisterError::Newer { found, known });
    }
    let missing = &migrations[found.max(0) as usize..];
    if missing.is_empty() {
        return Ok(());
    }
    if found > 0 {
        set_aside(path, found)?;
    }
    for migration in missing {
        transaction
            .execute_batch(migration)
            .map_err(|e| during("brought up to date", e))?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .and_then(|()| transaction.pragma_update(None, "user_version", known))
        .and_then(|()| transaction.commit())
        .map_err(|e| during("brought up to date", e))
}

/// The file's schema; 0 if it is new. Refuses a database that is not a register.
fn schema_of(transaction: &Transaction<'_>, path: &Path) -> Result<i64, RegisterError> {
    let ask = |query| {
        transaction
            .query_row(query, [], |row| row.get::<_, i64>(0))
            .map_err(|e| during("opened", e))
    };
    let empty = ask(sql::TABLES)? == 0;
    if !empty && ask(sql::APPLICATION)? != APPLICATION_ID {
        return Err(RegisterError::Foreign {
            path: path.to_owned(),
        });
    }
    ask(sql::SCHEMA)
}

/// Copies the register as it is to a file beside it, whole or not at all. The write lock is held
/// meanwhile, so that nothing changes under the copy.
fn set_aside(path: &Path, schema: i64) -> Result<(), RegisterError> {
    let copy = backup_path(path, schema);
    let unfinished = copy.with_extension("unfinished");
    let failed = |reason: &dyn ToString| RegisterError::Backup {
        path: copy.clone(),
        reason: reason.to_string(),
    };
    if unfinished.exists() {
        std::fs::remove_file(&unfinished).map_err(|e| failed(&e))?;
    }
    let reader = open_for_reading(path)?;
    reader
        .backup("main", &unfinished, None::<fn(rusqlite::backup::Progress)>)
        .map_err(|e| failed(&e))?;
    std::fs::File::open(&unfinished)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&unfinished, &copy))
        .map_err(|e| failed(&e))
}

/// Where the copy made before leaving `schema` lies.
pub fn backup_path(path: &Path, schema: i64) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".schema-{schema}.backup"));
    path.with_file_name(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::register::sqlite::connection::open_for_writing;

    /// As if there were only one: whatever is added later, these tests hold.
    const FIRST: &[&str] = &[MIGRATIONS[0]];
    const SECOND: &str = "CREATE TABLE later (n INTEGER); INSERT INTO later VALUES (7);";
    const BROKEN: &str = "CREATE TABLE half (n INTEGER); CREATE TABLE half (n INTEGER);";

    fn schema(connection: &Connection) -> i64 {
        connection
            .query_row(sql::SCHEMA, [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn an_existing_register_is_set_aside_before_it_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        let mut connection = open_for_writing(&path).unwrap();
        migrate(&mut connection, &path, FIRST).unwrap();
        assert!(!backup_path(&path, 0).exists(), "a new one needs no copy");
        connection
            .execute(sql::SET_CURSOR, (("archive"), 42, [1_u8].as_slice()))
            .unwrap();

        let more = [MIGRATIONS[0], SECOND];
        migrate(&mut connection, &path, &more).unwrap();
        assert_eq!(schema(&connection), 2);
        let copy = Connection::open(backup_path(&path, 1)).unwrap();
        assert_eq!(schema(&copy), 1);
        let position: i64 = copy
            .query_row("SELECT position FROM cursor", [], |row| row.get(0))
            .unwrap();
        assert_eq!(position, 42, "the copy holds what was entered before");

        migrate(&mut connection, &path, &more).unwrap();
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM later", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1, "a migration runs once");
    }

    #[test]
    fn a_migration_that_fails_leaves_the_register_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        let mut connection = open_for_writing(&path).unwrap();
        migrate(&mut connection, &path, FIRST).unwrap();
        let more = [MIGRATIONS[0], SECOND, BROKEN];
        assert!(migrate(&mut connection, &path, &more).is_err());
        assert_eq!(schema(&connection), 1);
        let tables: i64 = connection
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE name IN ('later', 'half')",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(tables, 0);
    }

    #[test]
    fn a_newer_register_and_a_foreign_file_are_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        let mut connection = open_for_writing(&path).unwrap();
        migrate(&mut connection, &path, &[MIGRATIONS[0], SECOND]).unwrap();
        let refused = migrate(&mut connection, &path, FIRST);
        assert!(matches!(
            refused,
            Err(RegisterError::Newer { found: 2, known: 1 })
        ));
        assert_eq!(schema(&connection), 2);

        let other = folder.path().join("other.db");
        let mut foreign = open_for_writing(&other).unwrap();
        foreign
            .execute_batch("CREATE TABLE photo (n INTEGER)")
            .unwrap();
        let refused = migrate(&mut foreign, &other, MIGRATIONS);
        assert!(matches!(refused, Err(RegisterError::Foreign { .. })));
    }
}
