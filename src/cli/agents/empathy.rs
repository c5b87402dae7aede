//! `attune agents empathy`: what was learnt of agents' empathy.
//!
//! Invariant: one call of InsightService a page, in the daemon's own words and order.

use clap::Args;

use crate::{
    api::pb,
    cli::{
        failure::Failure,
        options::Format,
        output::{table::Table, time::time},
        session::Session,
    },
};

#[derive(Debug, Args)]
pub(super) struct Empathy {
    /// At most so many
    #[arg(long, default_value_t = 1_000, value_name = "NUMBER")]
    limit: usize,
}

impl Empathy {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let (mut listed, mut page_token) = (Vec::new(), String::new());
        while listed.len() <= self.limit {
            let call = pb::ListEmpathyRequest { page_size: 500, page_token, ..Default::default() };
            let page = session.client.call(call).await?;
            listed.extend(page.agents);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let more = listed.len() > self.limit;
        listed.truncate(self.limit);
        match session.out.format {
            Format::Json => listed.iter().try_for_each(|agent| session.out.json(agent))?,
            Format::Table => session.out.table(&table(&listed))?,
        }
        if more {
            eprintln!("there are more than {}; --limit shows more", self.limit);
        }
        Ok(())
    }
}

fn table(agents: &[pb::AgentEmpathy]) -> Table {
    let mut table =
        Table::new(&["AGENT", ">RECORD", ">LEARNT", ">FOUND", ">WITHIN", ">OUTCOMES", "SINCE", "ROLE MODEL", "FIXED"]);
    for agent in agents {
        let said = |so: bool| if so { "yes" } else { "" }.to_owned();
        table.row([
            agent.agent_id.clone(),
            agent.recorded_level.to_string(),
            agent.learnt_level.map(|level| level.to_string()).unwrap_or_default(),
            agent.found_level.to_string(),
            format!("{}-{}", agent.found_level_min, agent.found_level_max),
            agent.outcomes.to_string(),
            time(agent.learnt_time.as_ref()),
            said(agent.role_model),
            said(agent.fixed),
        ]);
    }
    table
}
