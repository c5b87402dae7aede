//! The decision alone, at growing sizes.

use crate::sim::decision::{MIDDLE, Measured, Meter, Shape, Site};

use super::{figures::Decision, progress};

/// Which sizes, and how often.
#[derive(Debug, Clone)]
pub struct Extent {
    agents: Vec<usize>,
    waiting: Vec<usize>,
    /// Turns in which each world is measured once.
    turns: usize,
    /// Decisions of each kind in one turn.
    decisions: usize,
}

impl Extent {
    /// Everything the daemon is built for.
    pub fn full() -> Self {
        // A tenant has at most a million open contacts, those at agents included.
        let waiting = vec![10_000, 100_000, 900_000];
        Self { agents: vec![1_000, 10_000, 100_000], waiting, turns: 40, decisions: 250 }
    }

    /// The sizes up to the goals'.
    pub fn quick() -> Self {
        Self { agents: vec![1_000, 10_000], waiting: vec![10_000, 100_000], turns: 8, decisions: 250 }
    }

    /// With these numbers of agents, if there are any.
    pub fn with_agents(self, agents: &[u32]) -> Self {
        match agents {
            [] => self,
            given => Self { agents: given.iter().map(|agents| *agents as usize).collect(), ..self },
        }
    }
}

/// Measures; all worlds exist at once and are measured in turns, so that the machine's noise hits all alike.
pub fn measure(extent: &Extent) -> Vec<Decision> {
    let mut sites = Vec::new();
    for agents in &extent.agents {
        for waiting in &extent.waiting {
            progress(&format!("decision: a world of {agents} agents and {waiting} waiting contacts"));
            sites.push(Site::new(Shape { agents: *agents, waiting: *waiting, ..MIDDLE }, Meter::NONE));
        }
    }
    progress("decision: measuring in turns");
    // The first turn warms up.
    sites.iter_mut().for_each(|site| site.turn(extent.decisions));
    sites.iter_mut().for_each(Site::forget);
    for _ in 0..extent.turns {
        sites.iter_mut().for_each(|site| site.turn(extent.decisions));
    }
    let both = |site: &Site| {
        let Shape { agents, waiting, .. } = site.world.shape;
        [row(agents, waiting, "contact_arrives", &site.arrives), row(agents, waiting, "agent_frees", &site.frees)]
    };
    sites.iter().flat_map(both).collect()
}

fn row(agents: usize, waiting: usize, direction: &'static str, measured: &Measured) -> Decision {
    let Measured { search, command, examined, .. } = measured;
    let [[p50_us, p99_us], [command_p50_us, command_p99_us]] =
        [search, command].map(|times| [0.5, 0.99].map(|quantile| times.value_at_quantile(quantile) as f64 / 1_000.0));
    Decision {
        agents,
        waiting,
        direction,
        p50_us,
        p99_us,
        command_p50_us,
        command_p99_us,
        examined_p50: examined.value_at_quantile(0.5),
        examined_p99: examined.value_at_quantile(0.99),
        examined_max: examined.max(),
        decisions: command.len(),
    }
}
