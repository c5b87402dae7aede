//! What waiting contacts and connected agents weigh in the daemon's process.
//!
//! Invariant: everything that they cost is in it, what is remembered of requests included; what an empty daemon holds is
//! not. Connections are shared: what an agent's own connection would cost on top is the transport's.

use super::{
    BenchError,
    figures::Memory,
    host::{Host, Keeping, Kind},
    office::{Mode, Office, Plan},
    progress,
    usage::Process,
};

/// Contacts after which an empty daemon has what it always holds.
const SETTLED: u64 = 12_000;

/// Measures both, each with a daemon of its own.
pub async fn measure(contacts: usize, agents: usize) -> Result<Memory, BenchError> {
    Ok(Memory {
        waiting_contact_bytes: waiting(contacts).await?,
        waiting_contacts: contacts,
        connected_agent_bytes: connected(agents).await?,
        connected_agents: agents,
    })
}

async fn waiting(contacts: usize) -> Result<Option<f64>, BenchError> {
    progress(&format!("memory: {contacts} waiting contacts"));
    let host = Host::start(Kind::Attuned, &Keeping::Memory)?;
    let mut office = Office::open(&host.target(), Plan::plain(Mode::Unary, 0)).await?;
    // The first ones bring tables, buffers and the journal's tail, which the rest share.
    office.fill(SETTLED).await?;
    let before = host.process.resident_bytes();
    office.fill(contacts as u64).await?;
    Ok(grown(&host.process, before, contacts))
}

async fn connected(agents: usize) -> Result<Option<f64>, BenchError> {
    progress(&format!("memory: {agents} connected agents"));
    let host = Host::start(Kind::Attuned, &Keeping::Memory)?;
    let few = Office::open(&host.target(), Plan::plain(Mode::Unary, 1)).await?;
    let before = host.process.resident_bytes();
    let all = Office::open(&host.target(), Plan::plain(Mode::Unary, agents)).await?;
    let grown = grown(&host.process, before, agents);
    drop((few, all));
    Ok(grown)
}

fn grown(process: &Process, before: Option<u64>, by: usize) -> Option<f64> {
    Some(process.resident_bytes()?.saturating_sub(before?) as f64 / by as f64)
}
