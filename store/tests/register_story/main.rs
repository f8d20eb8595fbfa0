//! The register's story, told on every back end: people enter things, judging commits, everybody
//! reads, and all of it is there again after a restart.

#![allow(clippy::unwrap_used)]

mod access;
mod alerts;
mod endpoint;
mod history;
mod inspections;
mod judging;
mod parts;
mod people;
mod telling;
mod units;

#[path = "../register_support/mod.rs"]
mod register_support;

use firemain_store::register::{Register, SqliteRegister};

#[test]
fn the_story_told_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let open = || Box::new(SqliteRegister::open(&path).unwrap()) as Box<dyn Register>;
    tell(&open);
}

/// The story. `open` opens the same register again and again.
fn tell(open: &dyn Fn() -> Box<dyn Register>) {
    let mut register = open();
    people::an_empty_register_says_so(&*register);
    people::people_enter_sources(&*register);
    people::what_contradicts_is_refused_whole(&*register);
    people::devices_change_over(&*register);
    people::people_enter_tests_windows_incidents_and_permits(&*register);
    people::lists_go_on_by_key(&*register);
    people::what_was_entered_ends_once(&*register);
    inspections::findings_become_work_that_is_done_once(&*register);
    inspections::rounds_are_planned_and_ended_once(&*register);
    inspections::what_is_found_twice_is_mended_once(&*register);
    inspections::photos_that_nothing_names_are_let_go(&*register);
    endpoint::a_command_goes_its_way(&*register);
    endpoint::what_cannot_be_a_command_is_refused(&*register);
    endpoint::commands_of_a_device_are_bounded(&*register);
    endpoint::the_endpoint_remembers_its_clients(&*register);
    endpoint::every_change_of_a_login_moves_a_number(&*register);
    units::maps_of_units_are_entered_whole_and_withdrawn(&*register);
    units::targets_are_set_and_taken_back(&*register);
    history::what_a_source_was_is_told_row_by_row(&*register);

    drop(register);
    register = open();
    assert_eq!(
        register.source("TR-1").unwrap().unwrap().name,
        "12 Hàng Bạc"
    );
    judging::judging_commits(&*register);
    judging::an_alert_is_acknowledged_once(&*register);
    judging::alerts_are_asked_for(&*register);
    alerts::an_alert_goes_its_way(&*register);
    alerts::silences_hold_for_a_while(&*register);
    alerts::zones_have_supply_hours(&*register);
    judging::the_stream_is_pruned_and_its_ids_go_on(&*register);
    judging::judging_saves_its_state(&*register);
    judging::sources_are_removed(&*register);
    history::verdicts_are_told_of_a_span_and_let_go(&*register);
    history::an_alert_that_pages_is_made_known_once(&*register);
    telling::a_notice_comes_with_its_alert_and_becomes_messages_once(&*register);
    telling::a_message_goes_until_a_receiver_takes_it(&*register);
    telling::escalation_goes_on_one_step_at_a_time(&*register);
    telling::what_is_held_is_told_in_one_digest(&*register);
    telling::what_is_long_over_is_let_go(&*register);
    parts::devices_log_in(&*register);
    parts::parts_keep_cursors_and_tell_how_they_are(&*register);
    access::the_first_user_is_the_first_only_once(&*register);
    access::the_last_administrator_stays(&*register);
    access::sessions_come_and_go(&*register);
    access::keys_are_made_used_and_revoked(&*register);

    drop(register);
    register = open();
    parts::after_a_restart_all_is_there(&*register);
    endpoint::after_a_restart_the_endpoint_knows_its_clients(&*register);
    telling::after_a_restart_links_are_still_good(&*register);
    access::after_a_restart_everybody_is_known(&*register);
}
