//! What was in force before: `history` and `diff`.

use clap::Args;

use crate::{
    api::pb::{self, diff_documents_request::To},
    cli::{
        failure::Failure,
        options::Format,
        output::{table::Table, time::time},
        session::Session,
    },
};

use super::File;

#[derive(Debug, Args)]
pub(super) struct History {
    /// At most so many
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    limit: usize,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The old side: a version, or 0 for the one in force
    from: u64,

    /// The new side: a version, 0 for the one in force, or a document's file
    to: String,
}

impl History {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let (mut versions, mut page_token) = (Vec::new(), String::new());
        while versions.len() < self.limit {
            let call = pb::ListDocumentVersionsRequest { page_size: 500, page_token, ..Default::default() };
            let page = session.client.call(call).await?;
            versions.extend(page.versions);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        versions.truncate(self.limit);
        if session.out.format == Format::Json {
            return versions.iter().try_for_each(|version| session.out.json(version));
        }
        let mut table = Table::new(&[">VERSION", "SINCE", "BY", "WHY", ">BYTES", "ETAG"]);
        for version in versions {
            let note = match version.rolled_back_to {
                0 => version.note,
                earlier if version.note.is_empty() => format!("version {earlier} again"),
                earlier => format!("version {earlier} again: {}", version.note),
            };
            table.row([
                version.version.to_string(),
                time(version.apply_time.as_ref()),
                version.author,
                note,
                version.size_bytes.to_string(),
                version.etag,
            ]);
        }
        session.out.table(&table)
    }
}

impl Diff {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let to = match self.to.parse() {
            Ok(version) => To::ToVersion(version),
            Err(_) => To::ToDocument(File { file: self.to.into() }.read()?),
        };
        let call = pb::DiffDocumentsRequest { from_version: self.from, to: Some(to), ..Default::default() };
        let answer = session.client.call(call).await?;
        let out = &session.out;
        if out.format == Format::Json {
            return out.json(&answer);
        }
        if answer.differences.is_empty() {
            return out.line("no difference");
        }
        for pb::DocumentDifference { path, old_value, new_value } in &answer.differences {
            out.line(&out.style.bold(path))?;
            old_value.iter().try_for_each(|old| out.line(&out.style.bad(&format!("  - {old}"))))?;
            new_value.iter().try_for_each(|new| out.line(&out.style.good(&format!("  + {new}"))))?;
        }
        match answer.left_out {
            0 => Ok(()),
            more => out.line(&format!("and {more} more")),
        }
    }
}
