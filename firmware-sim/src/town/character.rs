//! What a pressure zone is like: how it is fed, and whether its streets meet again.

/// How a zone's water gets its pressure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feed {
    /// A pumping station of 2 to 3 bar, with a weaker city main behind a check valve.
    Pumped,
    /// A pumping station of 4 to 5 bar, with the same help.
    HighPumped,
    /// A reservoir on a height, no pumps.
    Gravity,
    /// The end of somebody else's line: 1.3 bar by night, 1.0 bar in the evening.
    EndOfLine,
}

/// What a zone is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Character {
    pub(super) feed: Feed,
    /// A tree: what is behind a shut valve has no other way to water.
    pub(super) branched: bool,
}

impl Character {
    /// That of the shape of that number.
    pub(super) fn of(shape: usize, varied: bool) -> Self {
        if !varied {
            return Self {
                feed: Feed::Pumped,
                branched: false,
            };
        }
        let feeds = [
            Feed::Pumped,
            Feed::Gravity,
            Feed::HighPumped,
            Feed::EndOfLine,
        ];
        Self {
            feed: feeds[shape % feeds.len()],
            branched: shape % 3 == 1,
        }
    }
}

/// Inner diameter of a pipe of `length_m` that loses `loss_m` at `flow_lps` (Hazen-Williams), mm.
pub(super) fn diameter_mm(length_m: f64, flow_lps: f64, loss_m: f64, roughness: f64) -> f64 {
    let flow_m3s = flow_lps / 1_000.0;
    let fifth = 10.67 * length_m * (flow_m3s / roughness).powf(1.852) / loss_m;
    fifth.powf(1.0 / 4.87) * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_loses_what_it_was_made_to_lose() {
        // 100 m of 100 mm, C = 110, 5 L/s: 10.67 · 100 · 0.005^1.852 / (110^1.852 · 0.1^4.87) = 0.722 m.
        let diameter = diameter_mm(100.0, 5.0, 0.722, 110.0);
        assert!((diameter - 100.0).abs() < 0.5, "{diameter}");
    }

    #[test]
    fn four_shapes_have_four_feeds_and_both_layouts() {
        let all: Vec<_> = (0..4).map(|shape| Character::of(shape, true)).collect();
        assert!(all.iter().any(|c| c.branched) && all.iter().any(|c| !c.branched));
        assert_eq!(all[3].feed, Feed::EndOfLine);
        assert!((0..4).all(|shape| Character::of(shape, false).feed == Feed::Pumped));
    }
}
