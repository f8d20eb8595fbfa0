//! People who log in, their sessions, and keys.

use firemain_domain::people::{AccessChange, Language, Role};
use firemain_store::register::access::{ApiKey, Entering, PasswordHash, Session, User};
use firemain_store::register::{Register, RegisterError};

use crate::register_support::at;

fn user(name: &str, role: Role) -> User {
    User {
        name: name.to_owned(),
        display_name: "Nguyễn Thị Lan".to_owned(),
        language: Language::Vi,
        role,
        units: vec!["Phường Hoàn Kiếm".to_owned()],
        email: Some("lan@pccc.example".to_owned()),
        phone: None,
        subject: None,
        disabled: false,
        created_at: at(0),
        failed_logins: 0,
        failed_at: None,
        logged_in_at: None,
    }
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash(text.to_owned())
}

fn session(id: &str, user: &str, minute: i64) -> Session {
    Session {
        id: id.to_owned(),
        user: user.to_owned(),
        created_at: at(minute),
        used_at: at(minute),
        address: "192.0.2.1".to_owned(),
        agent: "a browser".to_owned(),
    }
}

fn newest(register: &dyn Register) -> AccessChange {
    use firemain_domain::change::Change;
    match register.changes_before(None, 1).unwrap().remove(0).change {
        Change::AccessChanged { access } => access,
        other => panic!("{other:?}"),
    }
}

pub fn the_first_user_is_the_first_only_once(register: &dyn Register) {
    assert!(!register.has_users().unwrap());
    let lan = user("lan", Role::Administrator);
    let first =
        |user: &User| register.set_user("cli", at(1), user, Some(&hash("$one")), Entering::First);
    first(&lan).unwrap();
    assert!(register.has_users().unwrap());
    let second = first(&user("hoa", Role::Administrator));
    assert!(
        matches!(second, Err(RegisterError::Conflict(_))),
        "{second:?}"
    );
    assert_eq!(register.user("lan").unwrap(), Some(lan));
    assert_eq!(register.password_of("lan").unwrap(), Some(hash("$one")));
    assert_eq!(
        newest(register),
        AccessChange::PasswordSet {
            user: "lan".to_owned()
        }
    );
    let rows = register.changes_before(None, 10).unwrap();
    let told = format!("{rows:?}");
    assert!(!told.contains("$one") && !told.contains("lan@"), "{told}");
}

pub fn the_last_administrator_stays(register: &dyn Register) {
    let set = |user: &User| register.set_user("lan", at(2), user, None, Entering::Either);
    let lowered = User {
        role: Role::Viewer,
        ..user("lan", Role::Viewer)
    };
    assert!(
        set(&lowered)
            .unwrap_err()
            .to_string()
            .contains("last administrator")
    );
    set(&user("hoa", Role::Administrator)).unwrap();
    set(&lowered).unwrap();
    let disabled = User {
        disabled: true,
        ..user("hoa", Role::Administrator)
    };
    assert!(set(&disabled).is_err(), "now the other is the last");
    set(&user("lan", Role::Administrator)).unwrap();
    set(&disabled).unwrap();
    let names: Vec<String> = register
        .users(None, 10)
        .unwrap()
        .into_iter()
        .map(|u| u.name)
        .collect();
    assert_eq!(names, ["hoa", "lan"]);
    assert_eq!(register.users(Some("hoa"), 10).unwrap().len(), 1);
    let again = register.set_user("lan", at(2), &user("lan", Role::Crew), None, Entering::New);
    assert!(again.is_err(), "there is one of that name");
}

pub fn sessions_come_and_go(register: &dyn Register) {
    for n in 0..3_u8 {
        let row = session(&format!("S-{n}"), "lan", 3 + i64::from(n));
        register.open_session(&row, &[n; 32]).unwrap();
    }
    register.login_failed("lan", at(4)).unwrap();
    assert_eq!(register.user("lan").unwrap().unwrap().failed_logins, 1);
    let (found, who) = register.session_of(&[1; 32]).unwrap().unwrap();
    assert_eq!((found.id.as_str(), who.name.as_str()), ("S-1", "lan"));
    assert!(register.session_of(&[9; 32]).unwrap().is_none());
    register.session_used("S-1", at(30)).unwrap();
    assert_eq!(register.session("S-1").unwrap().unwrap().used_at, at(30));
    let ids = |user: Option<&str>, after: Option<&str>| -> Vec<String> {
        let rows = register.sessions(user, after, 10).unwrap();
        rows.into_iter().map(|row| row.id).collect()
    };
    assert_eq!(ids(None, None), ["S-2", "S-1", "S-0"]);
    assert_eq!(ids(Some("lan"), Some("S-2")), ["S-1", "S-0"]);
    assert!(ids(Some("hoa"), None).is_empty());
    register
        .set_password("lan", at(31), "lan", &hash("$two"), Some("S-1"))
        .unwrap();
    assert_eq!(ids(None, None), ["S-1"], "another password ends the others");
    assert_eq!(register.user("lan").unwrap().unwrap().failed_logins, 0);
    assert!(register.end_session("S-1", Some("hoa"), at(32)).unwrap());
    assert!(!register.end_session("S-1", Some("hoa"), at(32)).unwrap());
    assert!(matches!(
        newest(register),
        AccessChange::SessionsEnded { .. }
    ));
    register
        .open_session(&session("S-3", "lan", 40), &[3; 32])
        .unwrap();
    register.forget_sessions(at(0), at(41)).unwrap();
    assert!(ids(None, None).is_empty(), "one that is idle is forgotten");
    for n in 0..60_u8 {
        let row = session(&format!("T-{n:02}"), "lan", 50 + i64::from(n));
        register.open_session(&row, &[100 + n; 32]).unwrap();
    }
    assert_eq!(
        register.sessions(Some("lan"), None, 100).unwrap().len(),
        50,
        "bounded"
    );
    let nobody = register.open_session(&session("S-9", "nobody", 60), &[99; 32]);
    assert!(
        matches!(nobody, Err(RegisterError::NotFound(_))),
        "{nobody:?}"
    );
}

pub fn keys_are_made_used_and_revoked(register: &dyn Register) {
    let key = |id: &str, minute| ApiKey {
        id: id.to_owned(),
        name: "grafana".to_owned(),
        role: Role::Viewer,
        scopes: vec!["*:read".to_owned()],
        units: Vec::new(),
        made_by: "lan".to_owned(),
        created_at: at(minute),
        expires_at: Some(at(minute + 60)),
        used_at: None,
        revoked_at: None,
    };
    register
        .make_key("lan", &key("fm_a", 70), &[7; 32])
        .unwrap();
    register
        .make_key("lan", &key("fm_b", 71), &[8; 32])
        .unwrap();
    let found = register.key_of(&[7; 32]).unwrap().unwrap();
    assert_eq!(found, key("fm_a", 70));
    assert!(found.is_good(at(129)) && !found.is_good(at(130)));
    register.key_used("fm_a", at(75)).unwrap();
    assert_eq!(register.key("fm_a").unwrap().unwrap().used_at, Some(at(75)));
    assert!(register.revoke_key("lan", at(76), "fm_a").unwrap());
    assert!(!register.revoke_key("lan", at(77), "fm_a").unwrap());
    assert!(!register.key("fm_a").unwrap().unwrap().is_good(at(77)));
    let first = register.keys(None, 1).unwrap();
    assert_eq!(first[0].id, "fm_b");
    assert_eq!(register.keys(Some("fm_b"), 5).unwrap()[0].id, "fm_a");
}

pub fn after_a_restart_everybody_is_known(register: &dyn Register) {
    assert_eq!(register.password_of("lan").unwrap(), Some(hash("$two")));
    assert!(register.key_of(&[8; 32]).unwrap().is_some());
    assert!(register.session_of(&[159; 32]).unwrap().is_some());
    assert!(register.user("hoa").unwrap().unwrap().disabled);
}
