//! Estimates of the flow to be had: how long they count, and how a deficit clears. And silence that
//! history leaves behind.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::change::Change;
use firemain_domain::judging::{Basis, Control, Mute};
use support::*;

#[test]
fn an_estimate_that_a_device_gives_no_more_counts_for_a_day() {
    let mut told = Told::recording([owing_flow("H")]);
    told.reads("H", &[(PressureKpa, 300.0), (AvailableFlowLps, 20.0)]);
    told.pass_min(15);
    told.steady("H", 300.0, 94);
    let rated = told.standing("H").available_flow.unwrap();
    assert_eq!(
        (rated.basis, rated.value, rated.at),
        (Basis::DeviceEstimate, 20.0, START)
    );
    told.steady("H", 300.0, 3);
    assert_eq!(told.standing("H").available_flow, None);
}

#[test]
fn a_deficit_by_an_estimate_is_not_cleared_by_its_end() {
    let mut told = Told::recording([owing_flow("H")]);
    told.reads("H", &[(PressureKpa, 300.0), (AvailableFlowLps, 9.0)]);
    told.steady("H", 300.0, 120);
    assert_eq!(told.alerts(), ["FLOW_DEFICIT Raised"]);
}

#[test]
fn a_main_whose_test_lies_close_above_what_is_owed_can_clear_too() {
    let mut told = Told::recording([owing_flow("H")]);
    // 15.9 L/s at 220 kPa: less than a tenth above the 15 that are owed.
    told.steady("H", 220.0, 8);
    let test = flow_test("H", told.now, 220.0, 150.0, 11.6);
    told.change(Change::FlowTestEntered { test });
    let rated = told.standing("H").available_flow.unwrap().value;
    assert!((15.0..16.5).contains(&rated), "{rated}");
    told.steady("H", 190.0, 5);
    assert_eq!(told.alerts(), ["FLOW_DEFICIT Raised"]);
    told.steady("H", 220.0, 2);
    assert_eq!(
        told.alerts(),
        ["FLOW_DEFICIT Raised", "FLOW_DEFICIT Cleared"]
    );
}

#[test]
fn silence_in_history_pages_when_history_is_over_and_it_goes_on() {
    for heard in [false, true] {
        let mut told = Told::live([hydrant("H")]);
        told.control(Control::History { begins: true });
        told.steady("H", 200.0, 1);
        told.pass_min(30 * 60);
        told.control(Control::History { begins: false });
        let alert = told.newest("STALE").unwrap();
        assert_eq!((alert.pages, alert.muted_by), (false, Some(Mute::LateData)));
        told.pass_min(44);
        assert!(!told.newest("STALE").unwrap().pages, "it may yet speak");
        if heard {
            told.reads("H", &[(PressureKpa, 200.0)]);
        }
        told.pass_min(2);
        assert_eq!(told.newest("STALE").unwrap().pages, !heard);
    }
}
