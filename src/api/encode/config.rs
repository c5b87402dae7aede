//! Documents, their versions, what differs between them, and what one would do.

use crate::{
    api::{pb, status},
    engine::{
        history::DocumentVersion,
        view::{Preview, QueueChange, QueuePreview, SweepStage, SweepView},
    },
    lint::Remark,
    model::document::{Change, Difference, Differences, Format, Source, Violation},
    shard::CallError,
};

use super::timestamp;

/// A document as it was applied.
pub fn document(source: &Source) -> pb::DocumentText {
    pb::DocumentText { format: format(source.format).into(), text: source.text.to_string() }
}

fn format(format: Format) -> pb::DocumentFormat {
    match format {
        Format::Toml => pb::DocumentFormat::Toml,
        Format::Json => pb::DocumentFormat::Json,
        Format::Yaml => pb::DocumentFormat::Yaml,
    }
}

/// One thing that is wrong with a document.
pub fn document_violation(violation: Violation) -> pb::DocumentViolation {
    let Violation { at, path, message } = violation;
    let count = |number: usize| u32::try_from(number).expect("a document has at most 16 MiB");
    pb::DocumentViolation { path, message, line: count(at.line), column: count(at.column), kind: String::new() }
}

/// Something to be remarked on a document.
pub fn document_remark(Remark { kind, said }: Remark) -> pb::DocumentViolation {
    pb::DocumentViolation { kind: kind.name().to_owned(), ..document_violation(said) }
}

/// A version, without its text.
pub fn document_version(version: &DocumentVersion) -> pb::DocumentVersion {
    pb::DocumentVersion {
        version: version.version,
        etag: version.etag().to_string(),
        apply_time: Some(timestamp(version.applied_at)),
        author: version.origin.author.clone(),
        note: version.origin.note.clone(),
        format: format(version.source.format).into(),
        size_bytes: version.source.text.len() as u64,
        rolled_back_to: version.origin.restores.unwrap_or(0),
    }
}

/// How far a document is on its way into force.
pub fn document_sweep(sweep: &SweepView) -> pb::DocumentSweep {
    let stage = match sweep.stage {
        SweepStage::Queues => pb::DocumentSweepStage::Queues,
        SweepStage::Agents => pb::DocumentSweepStage::Agents,
        SweepStage::Contacts => pb::DocumentSweepStage::Contacts,
        SweepStage::Work => pb::DocumentSweepStage::Work,
    };
    pb::DocumentSweep { version: sweep.version, stage: stage.into(), left_items: sweep.left }
}

/// What differs.
pub fn differences(found: Differences) -> pb::DiffDocumentsResponse {
    let difference = |Difference { path, change }| {
        let (old_value, new_value) = match change {
            Change::Added { new } => (None, Some(new)),
            Change::Removed { old } => (Some(old), None),
            Change::Changed { old, new } => (Some(old), Some(new)),
        };
        pb::DocumentDifference { path, old_value, new_value }
    };
    pb::DiffDocumentsResponse {
        differences: found.listed.into_iter().map(difference).collect(),
        left_out: u32::try_from(found.left_out).expect("a document has at most 16 MiB"),
    }
}

/// What a document would do.
pub fn preview(preview: Preview) -> pb::DocumentPreview {
    let refusals = preview.refusals.into_iter().map(|reject| status::refusal(CallError::Reject(reject)));
    pb::DocumentPreview {
        queues: preview.queues.into_iter().map(queue_preview).collect(),
        added_skills: texts(&preview.skills.added),
        removed_skills: texts(&preview.skills.removed),
        added_channels: texts(&preview.channels.added),
        removed_channels: texts(&preview.channels.removed),
        refusals: refusals.collect(),
    }
}

fn texts(names: &[impl ToString]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn queue_preview(preview: QueuePreview) -> pb::QueuePreview {
    let QueuePreview { name, change, moved, reordered, rematched } = preview;
    let (change, to) = match change {
        QueueChange::Added => (pb::QueueChange::Added, None),
        QueueChange::Changed => (pb::QueueChange::Changed, None),
        QueueChange::Removed { to } => (pb::QueueChange::Removed, to),
    };
    let to = to.map(|to| to.to_string()).unwrap_or_default();
    pb::QueuePreview { queue: name.to_string(), change: change.into(), to, moved, reordered, rematched }
}
