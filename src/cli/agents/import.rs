//! `attune agents import`: as many agents as a file has.
//!
//! Invariant: nothing is sent unless the whole file can be read; an agent that is refused keeps no other back, and each
//! refusal is named with its line. A call that breaks is made again from the first batch without an answer, under the
//! same request ids.

use std::{fs, io, path::PathBuf, process::ExitCode};

use clap::Args;
use futures_util::stream;
use prost::Message;
use serde_json::json;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};

use crate::{
    api::pb::{self, agent_service_client::AgentServiceClient},
    cli::{
        client::{Client, again_after},
        failure::{Failure, Refusal},
        options::{Format, Options},
        output::{Output, words::counted},
        session,
    },
};

use super::rows::{self, Row};

/// Agents in a batch: the most that the API takes.
const BATCH: usize = 100;

pub(super) const EXAMPLE: &str = "\
A file is JSON lines, or TOML or CSV if its name ends so:
  {\"agent_id\": \"ana\", \"skills\": {\"cards\": 80}, \"queues\": [\"vip\"], \"capacity\": 100}

  [agents.ana]
  skills = { cards = 80 }

  agent_id,display_name,skills,queues,capacity,channel_limits,team
  ana,Ana M.,cards=80 lang_en=100,vip,100,chat=3,red

Other columns of a CSV are attributes. What `attune agents list --format json` writes can be imported.

Example:
  attune agents import agents.csv";

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file; - reads JSON lines from standard input
    file: PathBuf,

    /// Changes nothing, and says what would be refused
    #[arg(long)]
    dry_run: bool,
}

/// How an import went.
#[derive(Default)]
struct Done {
    put: u64,
    refused: u64,
    first_refusal: Option<Failure>,
}

impl Import {
    pub(super) fn run(self, options: &Options) -> ExitCode {
        session::run_unconnected(options, async |out| {
            let rows = self.rows()?;
            let client = Client::connect(options).await?;
            let done = import(&client, &out, &rows, self.dry_run).await?;
            let Done { put, refused, first_refusal } = done;
            match (out.format, self.dry_run) {
                (Format::Json, dry_run) => {
                    out.line(&json!({ "put": put, "refused": refused, "dry_run": dry_run }).to_string())?;
                }
                (Format::Table, false) => out.line(&format!("{} put, {refused} refused", counted(put, "agent")))?,
                (Format::Table, true) => {
                    out.line(&format!("{} would be put, {refused} refused", counted(put, "agent")))?;
                }
            }
            first_refusal.map_or(Ok(()), Err)
        })
    }

    fn rows(&self) -> Result<Vec<Row>, Failure> {
        let text = match self.file.as_os_str() == "-" {
            true => io::read_to_string(io::stdin()),
            false => fs::read_to_string(&self.file),
        };
        let text = text.map_err(|error| Failure::io(self.file.display().to_string(), error))?;
        rows::read(&self.file, &text).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
            Failure::Usage(format!("{} cannot be imported:{}", self.file.display(), faults.concat()))
        })
    }
}

/// Imports all, batch by batch over one call.
async fn import(client: &Client, out: &Output, rows: &[Row], validate_only: bool) -> Result<Done, Failure> {
    let base = client.new_request_id();
    let batch = |(number, rows): (usize, &[Row])| {
        let agent = |row: &Row| pb::AgentRow {
            agent_id: row.agent.clone(),
            profile: Some(row.profile.clone()),
            ..Default::default()
        };
        pb::ImportAgentsRequest {
            tenant: client.tenant().to_owned(),
            request_id: format!("{base}-{number}"),
            agents: rows.iter().map(agent).collect(),
            validate_only,
        }
    };
    let batches: Vec<_> = rows.chunks(BATCH).enumerate().map(batch).collect();
    let (mut done, mut answered) = (Done::default(), 0);
    let mut until = Instant::now() + client.timeout();
    while answered < batches.len() {
        let before = answered;
        let status = send(client, batches[answered..].to_vec(), async |results| {
            for (row, result) in rows[answered * BATCH..].iter().zip(results) {
                done.take(out, row, result)?;
            }
            answered += 1;
            Ok(())
        });
        let Err(status) = status.await? else { break };
        if answered > before {
            until = Instant::now() + client.timeout();
        }
        let refusal = Refusal::new("ImportAgents", &base, status);
        match again_after(&refusal) {
            Some(after) if Instant::now() + after < until => sleep(after).await,
            _ => return Err(client.failure(refusal)),
        }
    }
    Ok(done)
}

/// One call; how it ended, if nothing failed on this side.
async fn send(
    client: &Client,
    batches: Vec<pb::ImportAgentsRequest>,
    mut take: impl AsyncFnMut(Vec<pb::AgentRowResult>) -> Result<(), Failure>,
) -> Result<Result<(), Status>, Failure> {
    let mut agents = AgentServiceClient::new(client.channel());
    let mut answers = match agents.import_agents(stream::iter(batches)).await {
        Ok(answers) => answers.into_inner(),
        Err(status) => return Ok(Err(status)),
    };
    loop {
        match answers.message().await {
            Ok(Some(answer)) => take(answer.results).await?,
            Ok(None) => return Ok(Ok(())),
            Err(status) => return Ok(Err(status)),
        }
    }
}

impl Done {
    fn take(&mut self, out: &Output, row: &Row, result: pb::AgentRowResult) -> Result<(), Failure> {
        let Some(pb::agent_row_result::Result::Refused(refused)) = result.result else {
            self.put += 1;
            return Ok(());
        };
        self.refused += 1;
        // A refusal in a stream has the fields of a status's details.
        let details = refused.encode_to_vec().into();
        let status = Status::with_details(Code::from(refused.code), refused.message, details);
        let refusal = Refusal::new("PutAgent", "", status);
        let reason = refusal.reason.clone().unwrap_or_default();
        match out.format {
            Format::Json => {
                let (line, message) = (row.line, refusal.status.message());
                let told = json!({ "agent_id": row.agent, "line": line, "reason": reason, "message": message });
                out.line(&told.to_string())?;
            }
            Format::Table => {
                eprintln!("line {}: {}: {reason}: {}", row.line, row.agent, refusal.status.message());
            }
        }
        self.first_refusal.get_or_insert_with(|| Failure::Refused(Box::new(refusal)));
        Ok(())
    }
}
