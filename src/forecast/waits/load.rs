//! How much there is to do for those who could take a contact, in ten bands.
//!
//! Load is work in hand over staff, at the moment of the estimate: what these agents are at, and what stands before the
//! contact and takes them, in parts of one agent each, over how many they are. At 1 all of them are busy and nobody stands
//! before; of fifty, ten before make 1.2. A contact may wait below 1 too: for a moment's hold, or since the reserve is kept.
//!
//! Invariant: every load is in one band; bands above 1 widen by doubling. Not here: what comes of it (`ledger`).

/// The bands, each by the highest load in it; for metrics.
pub const LOADS: [&str; 10] = ["0.80", "1.00", "1.05", "1.10", "1.20", "1.40", "1.80", "2.60", "4.20", "more"];

/// Where bands end; the last does not.
const UP_TO: [f64; LOADS.len() - 1] = [0.8, 1.0, 1.05, 1.1, 1.2, 1.4, 1.8, 2.6, 4.2];

/// Work in hand over staff.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load(f64);

impl Load {
    /// Of so many agents, of whom this part is busy, with so many contacts before.
    pub fn of(agents: usize, busy: f64, before: f64) -> Self {
        Self(busy + before / agents.max(1) as f64)
    }

    /// Its band, a place in [`LOADS`].
    pub fn band(self) -> usize {
        UP_TO.partition_point(|up_to| *up_to < self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_as_they_are_named() {
        for (name, up_to) in LOADS.iter().zip(UP_TO) {
            assert_eq!(name.parse(), Ok(up_to));
            assert_eq!(LOADS[Load(up_to).band()], *name, "the highest is in it");
        }
        let named = |agents, busy, before| LOADS[Load::of(agents, busy, before).band()];
        assert_eq!(named(50, 1.0, 0.0), "1.00");
        assert_eq!(named(50, 1.0, 10.0), "1.20");
        assert_eq!(named(50, 0.5, 0.0), "0.80");
        assert_eq!(named(1, 1.0, 4.0), "more");
    }
}
