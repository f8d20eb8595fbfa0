//! The codes of the domain, listed for the OpenAPI document. They are never shown as text: what a
//! code is called belongs to whoever speaks to people.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = [$($code:literal),+ $(,)?];)+) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $name {
            /// Every code.
            pub const ALL: &'static [&'static str] = &[$($code),+];
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Self::ALL.iter().copied())).into()
            }
        }

        impl ToSchema for $name {})+
    };
}

codes! {
    /// Whether a source can be counted on.
    VerdictCode = ["usable", "degraded", "unknown", "unusable"];
    /// Why a verdict is what it is.
    ReasonCode = [
        "planned", "removed", "out_of_service", "inoperable", "obstructed", "maintenance", "supply_hours", "low_static",
        "low_residual", "high_pressure", "flow_deficit", "flow_unproven", "tank_low", "draw_low",
        "stale", "no_data", "sensor_sick", "zone_dropping", "no_requirement", "no_evidence", "invalid",
    ];
    /// What a verdict carries beside itself.
    NoteCode = ["shared_main", "in_use"];
    /// What a value rests on.
    BasisCode = [
        "static_pressure", "in_use", "flow_test", "estimated", "device_estimate", "level", "person",
        "silence", "device",
    ];
    /// How much an alert matters.
    SeverityCode = ["info", "minor", "major", "critical"];
    /// A rule.
    RuleCode = [
        "LOW_STATIC", "LOW_RESIDUAL", "HIGH_PRESSURE", "FLOW_DEFICIT", "IN_USE", "TANK_LOW",
        "DRAW_LOW", "STALE", "SPIKE", "UNAUTHORISED_USE", "ZONE_DROP", "TANK_DRAWOFF", "REFILL_LATE",
        "TANK_LEAK", "FLATLINE", "DRIFT", "DEVICE", "CLOCK", "REPLAY",
    ];
    /// Why an alert does not page though its severity would.
    MuteCode = [
        "in_use", "maintenance", "supply_hours", "late_data", "zone_drop", "incident", "unsure",
        "sensor_sick", "every_day", "silence", "resolved",
    ];
    /// How far people are with an alert.
    StageCode = ["open", "acknowledged", "dispatched", "on_site", "resolved", "closed"];
    /// What was found, or done, where an alert was resolved by hand.
    OutcomeCode = [
        "valve_opened", "leak_repaired", "pumps_restarted", "refilled", "obstruction_removed",
        "source_repaired", "device_serviced", "handed_over", "use_explained", "nothing_found", "other",
    ];
    /// What exactly an alert says, where its rule knows several kinds.
    DetailCode = [
        "dry_or_broken", "valve_or_sensor", "battery", "tilt", "tamper", "wrong_scale", "invalid", "erratic",
        "clock_ahead", "clock_behind", "clock_unset", "every_day", "receiving",
    ];
    /// What will happen.
    ForeseenCode = ["refill_due", "tank_short", "battery_ends", "flow_test_expires", "inspection_due"];
    /// What says so.
    WhyCode = [
        "draw_off", "level_falls", "battery_falls", "battery_low", "age", "static_moved",
        "refill_hours", "inspection_cycle",
    ];
    /// What a source is.
    KindCode = ["hydrant", "tank", "draw_point"];
    /// Where a source is in its life.
    StatusCode = ["planned", "in_service", "out_of_service", "removed"];
    /// What a permit is for.
    PurposeCode = ["test", "drill", "other"];
    /// What is checked at a source.
    CheckCode = [
        "operable", "caps_and_threads", "drains", "plate", "unobstructed", "vehicle_access",
        "connection", "filling", "apron", "suction",
    ];
    /// What is measured; the unit is the ending. Yes and no are 1 and 0.
    QuantityCode = [
        "pressure_kpa", "pressure_min_kpa", "pressure_max_kpa", "flow_lps", "available_flow_lps",
        "level_m", "volume_total_m3", "battery_v", "battery_pct", "temperature_c", "tilt_deg",
        "signal_dbm", "cap_open", "tamper", "water_in_barrel",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use firemain_domain::Quantity;
    use firemain_domain::change::CheckItem;
    use firemain_domain::judging::{
        Basis, Detail, Foreseen, Mute, Note, Reason, RuleName, Severity, Verdict, Why,
    };
    use firemain_domain::source::{KindName, Status};
    use serde::de::DeserializeOwned;

    fn all_are<T: DeserializeOwned>(codes: &[&str]) {
        for code in codes {
            let read = serde_json::from_value::<T>((*code).into());
            assert!(read.is_ok(), "{code} is no {}", std::any::type_name::<T>());
        }
    }

    #[test]
    fn every_documented_code_is_one_of_the_domain() {
        all_are::<Verdict>(VerdictCode::ALL);
        all_are::<Reason>(ReasonCode::ALL);
        all_are::<Note>(NoteCode::ALL);
        all_are::<Basis>(BasisCode::ALL);
        all_are::<Severity>(SeverityCode::ALL);
        all_are::<RuleName>(RuleCode::ALL);
        all_are::<Mute>(MuteCode::ALL);
        all_are::<Detail>(DetailCode::ALL);
        assert_eq!(ReasonCode::ALL.len(), Reason::ALL.len());
        all_are::<Foreseen>(ForeseenCode::ALL);
        all_are::<Why>(WhyCode::ALL);
        assert_eq!(ForeseenCode::ALL.len(), Foreseen::ALL.len());
        assert_eq!(CheckCode::ALL, CheckItem::ALL.map(CheckItem::name));
        all_are::<KindName>(KindCode::ALL);
        all_are::<Status>(StatusCode::ALL);
        assert_eq!(QuantityCode::ALL, Quantity::ALL.map(Quantity::name));
        assert_eq!(RuleCode::ALL, RuleName::ALL.map(RuleName::name));
    }
}
