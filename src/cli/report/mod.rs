//! Pages that a manager reads, as `attune simulate`, `attune compare` and `attune replay` write them: how all of them look,
//! begin and are saved.
//!
//! Invariant: a page is one file that needs nothing else, neither a network nor a script; whatever is not the page's own
//! words is escaped. Not here: what each of them says (`simulate::report`, `compare::report`, `replay::report`).

use std::{fs, path::Path};

use super::failure::Failure;

pub mod pictures;
pub mod plot;

use plot::escaped;

/// The colour of moments of truth and of who is there for them …
pub const MOMENTS: &str = "#c2410c";
/// … and that of all others.
pub const OTHERS: &str = "#0369a1";
/// The colour of what something else is compared with.
pub const COMPARED_WITH: &str = "#64748b";

/// How pages look.
const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;color:#1e293b;max-width:780px;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .2rem}p{margin:.4rem 0}.dim{color:#64748b}\
svg{width:100%;height:auto;font:12px system-ui,sans-serif;fill:#475569}polyline{fill:none;stroke-width:2.2}\
.grid{stroke:#e2e8f0}.label{fill:#64748b}.on{fill:#fff;font-weight:600}.legend span{margin-right:1.2rem;font-size:.9rem}\
.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;margin-right:.4rem}\
.cards{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.2rem 0}.cards div{flex:1 1 150px;border:1px solid #e2e8f0;\
border-radius:8px;padding:.7rem .9rem}.cards b{display:block;font-size:1.35rem}.cards span{color:#64748b;font-size:.85rem}\
table{border-collapse:collapse;width:100%;font-size:.85rem;display:block;overflow-x:auto}\
td,th{padding:.3rem .6rem;text-align:right;border-bottom:1px solid #e2e8f0;white-space:nowrap}\
td:first-child,th:first-child{text-align:left}td small{display:block;color:#64748b}\
.better{color:#15803d}.worse{color:#b91c1c}";

/// The beginning of a page, with its title as the first thing in it; `style` is what it has beside what all have.
pub fn begin(title: &str, style: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><meta name='viewport' \
         content='width=device-width'><title>{title}</title><style>{STYLE}{style}</style></head><body>\n\
         <h1>{title}</h1>"
    )
}

/// The end of every page.
pub const END: &str = "</body></html>\n";

/// Writes a page to a file.
pub fn save(path: &Path, page: &str) -> Result<(), Failure> {
    fs::write(path, page).map_err(|error| Failure::io(format!("failed to write {}", path.display()), error))
}
