//! What a test, or somebody at a console, does to the town by hand. Everything begins now.

use firemain_domain::Timestamp;

use super::agenda::Due;
use super::happen::Happening;
use super::place::Where;
use super::{SimError, Simulation};
use crate::device::Fault;
use crate::scenario::EventKind;
use crate::town::Place;
use crate::water::Action;

/// Whose network is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut<'a> {
    /// The device of the source with that code.
    Source(&'a str),
    /// All devices of the zone with that name.
    Zone(&'a str),
    /// All devices.
    Town,
}

impl Simulation {
    /// Opens a hydrant for `flow_lps`, as at a fire.
    ///
    /// # Errors
    /// No such hydrant.
    pub fn open_hydrant(&mut self, code: &str, flow_lps: f64) -> Result<(), SimError> {
        // Not more than one hydrant's share: a fire would open its neighbours too.
        let number = self.hydrant(code)?;
        let (zone, hydrant) = self.local(number);
        self.plan(zone, self.now, Action::Open { hydrant, flow_lps });
        self.note_cause(EventKind::Fire, number);
        Ok(())
    }

    /// Closes a hydrant again, by so much.
    ///
    /// # Errors
    /// No such hydrant.
    pub fn close_hydrant(&mut self, code: &str, flow_lps: f64) -> Result<(), SimError> {
        let number = self.hydrant(code)?;
        let (zone, hydrant) = self.local(number);
        self.plan(zone, self.now, Action::Close { hydrant, flow_lps });
        self.end_cause(EventKind::Fire, number);
        Ok(())
    }

    /// Bursts the main at a hydrant; `flow_lps` is lost at the pressure it has now.
    ///
    /// # Errors
    /// No such hydrant.
    pub fn burst(&mut self, code: &str, flow_lps: f64) -> Result<(), SimError> {
        let number = self.hydrant(code)?;
        let (zone, hydrant) = self.local(number);
        self.plan(zone, self.now, Action::Burst { hydrant, flow_lps });
        self.note_cause(EventKind::Burst, number);
        Ok(())
    }

    /// Mends the burst.
    ///
    /// # Errors
    /// No such hydrant.
    pub fn mend(&mut self, code: &str) -> Result<(), SimError> {
        let number = self.hydrant(code)?;
        let (zone, hydrant) = self.local(number);
        self.plan(zone, self.now, Action::Mend { hydrant });
        self.end_cause(EventKind::Burst, number);
        Ok(())
    }

    /// Shuts the main on both sides of a hydrant.
    ///
    /// # Errors
    /// No such hydrant.
    pub fn shut(&mut self, code: &str) -> Result<(), SimError> {
        let number = self.hydrant(code)?;
        let (zone, hydrant) = self.local(number);
        self.plan(zone, self.now, Action::Shut { hydrant });
        self.note_cause(EventKind::ClosedMain, number);
        Ok(())
    }

    /// Opens it again.
    ///
    /// # Errors
    /// No such hydrant.
    pub fn unshut(&mut self, code: &str) -> Result<(), SimError> {
        let number = self.hydrant(code)?;
        let (zone, hydrant) = self.local(number);
        self.plan(zone, self.now, Action::Unshut { hydrant });
        self.end_cause(EventKind::ClosedMain, number);
        Ok(())
    }

    /// Cuts devices off their network: they store what they would send.
    ///
    /// # Errors
    /// No such source or zone.
    pub fn cut_network(&mut self, whose: Cut<'_>) -> Result<(), SimError> {
        let numbers = self.whose(whose)?;
        let place = Where::Town;
        let happening = Happening {
            kind: EventKind::Outage,
            place,
            from: self.now,
            until: None,
            size: None,
            number: 0,
        };
        self.cut(&happening, numbers);
        Ok(())
    }

    /// Gives them their network back: they send what they stored, oldest first.
    ///
    /// # Errors
    /// No such source or zone.
    pub fn restore_network(&mut self, whose: Cut<'_>) -> Result<(), SimError> {
        let numbers = self.whose(whose)?;
        for number in &numbers {
            self.end_cause(EventKind::Outage, *number as usize);
        }
        self.agenda.add(self.now, Due::Restore(numbers));
        Ok(())
    }

    /// Lets something go wrong with a source's device.
    ///
    /// # Errors
    /// No such source.
    pub fn fault(&mut self, code: &str, fault: Fault) -> Result<(), SimError> {
        let number = self.number(code)?;
        self.agenda
            .add(self.now, Due::FaultBegins(number as u32, fault, 0));
        self.note_cause(EventKind::Sensor(fault.name()), number);
        Ok(())
    }

    /// Mends the fault of that name; a device without it stays as it is.
    ///
    /// # Errors
    /// No such source.
    pub fn repair(&mut self, code: &str, fault: &Fault) -> Result<(), SimError> {
        let number = self.number(code)?;
        self.agenda
            .add(self.now, Due::FaultEnds(number as u32, fault.name()));
        self.end_cause(EventKind::Sensor(fault.name()), number);
        Ok(())
    }

    /// A message reaches a device: a command on `firemain/v1/{device}/command`, or Sparkplug's
    /// rebirth request. What is for nobody here is left alone.
    pub fn receive(&mut self, topic: &str, payload: &[u8]) {
        let segments: Vec<&str> = topic.split('/').collect();
        let now = self.now;
        match segments[..] {
            ["firemain", "v1", device, "command"] => {
                if let Some(number) = self.number_of_device(device) {
                    self.with_device(number, |device, post| device.obey(payload, now, post));
                }
            }
            ["spBv1.0", _, "NCMD", device] => {
                if let Some(number) = self.number_of_device(device) {
                    self.with_device(number, |device, post| device.give_birth(now, post));
                }
            }
            _ => {}
        }
    }

    /// True pressure (kPa), level (m) or flow (L/s) at a source now, untouched by any sensor.
    ///
    /// # Errors
    /// No such source.
    pub fn true_water(&mut self, code: &str) -> Result<TrueWater, SimError> {
        let number = self.number(code)?;
        let now = self.now;
        let sight = self.sight(number, now);
        Ok(match self.town.places[number] {
            Place::Hydrant { .. } => TrueWater {
                pressure_kpa: Some(sight.main),
                flow_lps: Some(sight.flow_lps),
                level_m: None,
            },
            _ => TrueWater {
                pressure_kpa: None,
                flow_lps: None,
                level_m: Some(sight.main),
            },
        })
    }

    fn number_of_device(&self, device: &str) -> Option<usize> {
        // Devices are named after their sources' codes.
        self.town
            .find(&device.to_uppercase())
            .or_else(|| self.town.find(device))
    }

    fn number(&self, code: &str) -> Result<usize, SimError> {
        self.source_coded(code).map_err(SimError::Place)
    }

    fn hydrant(&self, code: &str) -> Result<usize, SimError> {
        let number = self.number(code)?;
        if number < self.hydrants {
            return Ok(number);
        }
        let kind = self.town.sources()[number].kind_name().name();
        Err(SimError::Place(format!(
            "{code} is a {kind}: a hydrant is needed"
        )))
    }

    fn local(&self, number: usize) -> (usize, usize) {
        let zone = self.town.places[number].zone();
        (zone, number - self.town.zones[zone].first_source)
    }

    fn whose(&self, whose: Cut<'_>) -> Result<Vec<u32>, SimError> {
        let all = 0..self.devices.len();
        Ok(match whose {
            Cut::Source(code) => vec![self.number(code)? as u32],
            Cut::Town => all.map(|n| n as u32).collect(),
            Cut::Zone(name) => {
                let zone = self.zone_named(name).map_err(SimError::Place)?;
                all.filter(|n| self.town.places[*n].zone() == zone)
                    .map(|n| n as u32)
                    .collect()
            }
        })
    }

    fn note_cause(&mut self, kind: EventKind, number: usize) {
        let sources = vec![number as u32];
        let cause = crate::truth::Cause {
            kind,
            event: 0,
            from: self.now,
            until: None,
            sources,
        };
        self.causes.add(self.town.places[number].zone(), cause);
    }

    fn end_cause(&mut self, kind: EventKind, number: usize) {
        let now: Timestamp = self.now;
        self.causes
            .end(self.town.places[number].zone(), kind, number as u32, now);
    }
}

/// The water at a source as it truly is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrueWater {
    /// Pressure in the main, kPa.
    pub pressure_kpa: Option<f64>,
    /// Flow out of the hydrant, L/s.
    pub flow_lps: Option<f64>,
    /// Level, m.
    pub level_m: Option<f64>,
}
