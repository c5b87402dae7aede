//! Tenants' routing documents, from wherever the settings say they are.

use std::{collections::BTreeMap, ffi::OsStr, fs, io, path::PathBuf, sync::Arc};

use crate::{
    config::DocumentSource,
    model::{
        document::{Document, DocumentError, Format, Position, Violation},
        ids::TenantId,
    },
};

/// Why a tenant's routing document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DocumentFileError {
    /// The file is not to be had.
    #[error("the routing document of tenant {tenant:?}, {}, cannot be read: {source}", path.display())]
    Unreadable {
        /// Whose.
        tenant: TenantId,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its content is no routing document.
    #[error(
        "the routing document of tenant {tenant:?} cannot be used:\n{}",
        source.in_file(&path.display().to_string())
    )]
    Invalid {
        /// Whose.
        tenant: TenantId,
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it.
        source: DocumentError,
    },
}

impl DocumentFileError {
    /// Everything that is wrong, each with its place; one that is about the file stands at its beginning.
    pub fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Unreadable { source, .. } => {
                let message = format!("cannot be read: {source}");
                vec![Violation { at: Position::START, path: String::new(), message }]
            }
            Self::Invalid { source, .. } => source.violations(),
        }
    }
}

/// Why tenants' routing documents cannot be used: every one that cannot, never empty.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(DocumentFileError::to_string).collect::<Vec<_>>().join("\n"))]
pub struct DocumentsError(pub Vec<DocumentFileError>);

/// Reads all tenants' documents, or says what is wrong with every one that cannot be used.
pub(super) fn read_all(
    tenants: &BTreeMap<TenantId, DocumentSource>,
) -> Result<BTreeMap<TenantId, Arc<Document>>, DocumentsError> {
    let (mut documents, mut errors) = (BTreeMap::new(), Vec::new());
    for (tenant, source) in tenants {
        match read(tenant, source) {
            Ok(document) => drop(documents.insert(tenant.clone(), document)),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(documents) } else { Err(DocumentsError(errors)) }
}

/// Reads a tenant's document.
pub(super) fn read(tenant: &TenantId, source: &DocumentSource) -> Result<Arc<Document>, DocumentFileError> {
    let path = match source {
        DocumentSource::Embedded => return Ok(Arc::new(Document::embedded_default())),
        DocumentSource::Given(document) => return Ok(Arc::clone(document)),
        DocumentSource::File(path) => path,
    };
    let text = fs::read_to_string(path).map_err(|source| DocumentFileError::Unreadable {
        tenant: tenant.clone(),
        path: path.clone(),
        source,
    })?;
    let extension = path.extension().and_then(OsStr::to_str);
    let format = extension.and_then(Format::of_extension).unwrap_or(Format::Toml);
    let document = Document::parse(&text, format).map_err(|source| DocumentFileError::Invalid {
        tenant: tenant.clone(),
        path: path.clone(),
        source,
    })?;
    Ok(Arc::new(document))
}
