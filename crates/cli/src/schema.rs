//! `opi schema`: the JSON Schema of records and reports.

use crate::{Failure, output};
use clap::Args;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Print the JSON Schema of a record or report; without a name, list the names.
#[derive(Args)]
#[command(after_help = "Examples:\n  opi schema\n  opi schema student-enrollments\n  opi schema finding")]
pub(crate) struct SchemaArgs {
    /// The name of the record or report.
    name: Option<String>,
}

pub(crate) fn run(arguments: SchemaArgs) -> Result<ExitCode, Failure> {
    let mut schemas: BTreeMap<&str, schemars::Schema> =
        opi::dictionary::records::record_schemas().into_iter().collect();
    schemas.insert("finding", schemars::schema_for!(opi::dictionary::Finding));
    schemas.insert("layout", schemars::schema_for!(opi::dictionary::Layout));
    schemas.insert("code-set", schemars::schema_for!(opi::dictionary::CodeSet));
    schemas.insert("read-report", schemars::schema_for!(opi::ReadReport));
    schemas.insert("year-reading", schemars::schema_for!(opi::Reading));
    schemas.insert("layout-proposal", schemars::schema_for!(opi::aim::LayoutProposal));
    match arguments.name.as_deref() {
        None => {
            let names: Vec<&str> = schemas.keys().copied().collect();
            output::print(&(names.join("\n") + "\n"))?;
        }
        Some(name) => match schemas.get(name) {
            Some(schema) => output::json(schema)?,
            None => {
                let known: Vec<&str> = schemas.keys().copied().collect();
                return Err(Failure::new(format!("no schema {name:?}; known are {}", known.join(", "))));
            }
        },
    }
    Ok(ExitCode::SUCCESS)
}
