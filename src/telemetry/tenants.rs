//! Which tenants have metrics of their own.
//!
//! Invariant: the first that come do, up to the number that is set; of all others counters and histograms are counted
//! together, under a label that no tenant can have, and gauges are not shown, since they would stand for one at a time.

use std::collections::BTreeSet;

use metrics::Gauge;
use parking_lot::Mutex;

use super::metrics::TENANTS_IN_OTHER;

/// The label of tenants beyond the bound; no tenant can have this name.
pub(super) const OTHER: &str = "(other)";

/// As many as the settings give if nobody says otherwise.
pub const TENANTS_MAX_DEFAULT: usize = 100;

static TENANTS: Mutex<Tenants> =
    Mutex::new(Tenants { max: TENANTS_MAX_DEFAULT, own: BTreeSet::new(), other: BTreeSet::new() });

struct Tenants {
    max: usize,
    own: BTreeSet<String>,
    other: BTreeSet<String>,
}

/// From now on so many have metrics of their own; those that have some keep them.
pub fn limit(max: usize) {
    TENANTS.lock().max = max;
}

/// Whether a tenant has metrics of its own.
pub fn has_own(tenant: &str) -> bool {
    let mut tenants = TENANTS.lock();
    let has_own = tenants.admit(tenant);
    let others = tenants.other.len();
    drop(tenants);
    if others > 0 {
        let gauge: Gauge = TENANTS_IN_OTHER.gauge(&[]);
        gauge.set(others as f64);
    }
    has_own
}

impl Tenants {
    fn admit(&mut self, tenant: &str) -> bool {
        if self.own.contains(tenant) {
            return true;
        }
        let has_own = self.own.len() < self.max && !self.other.contains(tenant);
        if has_own { &mut self.own } else { &mut self.other }.insert(tenant.to_owned());
        has_own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_have_their_own_and_the_rest_are_counted_together() {
        let mut tenants = Tenants { max: 2, own: BTreeSet::new(), other: BTreeSet::new() };
        assert_eq!(
            ["a", "b", "c", "a", "c", "d"].map(|name| tenants.admit(name)),
            [true, true, false, true, false, false]
        );
        assert_eq!(tenants.other.len(), 2);
        tenants.max = 9;
        assert!(!tenants.admit("c"), "what was counted together is not told apart later");
        assert!(tenants.admit("e"));
    }
}
