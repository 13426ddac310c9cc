//! `opi schema`: the JSON Schema of records, of what commands print as JSON, and of files that they write.

use crate::output::{self, Format};
use crate::{Failure, edfacts, layout, mask, snapshot, synth, why, year};
use clap::Args;
use schemars::{Schema, schema_for};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Print the JSON Schema of a record or report; without a name, list the names.
#[derive(Args)]
#[command(after_help = "Exit codes: 0 printed, 2 no such schema.\n\n\
    Examples:\n  opi schema\n  opi schema student-enrollments\n  opi schema finding")]
pub(crate) struct SchemaArgs {
    /// The name of the record or report.
    name: Option<String>,
    /// How to print the list of names; a schema is JSON.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// A name and what makes its schema.
type Named = (&'static str, fn() -> Schema);

/// Every schema but those of records: what `opi` prints and writes. Help texts and manifests name them.
const REPORTS: &[Named] = &[
    ("anb-case", opi::anb::schema_of_case),
    ("anb-change", opi::anb::schema_of_change),
    ("anb-check", opi::anb::schema_of_check),
    ("anb-open-count", opi::anb::schema_of_open_count),
    ("anb-reconciliation", || schema_for!(opi::anb::Reconciliation)),
    ("anb-result", opi::anb::schema_of_result),
    ("code-set", || schema_for!(opi::dictionary::CodeSet)),
    ("edfacts-check", || schema_for!(opi::edfacts::CheckReport)),
    ("edfacts-difference", || schema_for!(opi::edfacts::Difference)),
    ("edfacts-file", || schema_for!(opi::edfacts::Shown<'_>)),
    ("edfacts-list", || schema_for!(Vec<opi::edfacts::Listed<'_>>)),
    ("edfacts-written", || schema_for!(edfacts::Written)),
    ("explanation", || schema_for!(opi::dictionary::Explanation<'_>)),
    ("finding", || schema_for!(opi::dictionary::Finding)),
    ("findings-header", opi::report::header_schema),
    ("layout", || schema_for!(opi::dictionary::Layout)),
    ("layout-proposal", || schema_for!(opi::aim::LayoutProposal)),
    ("layout-unverified", || schema_for!(layout::UnverifiedField)),
    ("mask-audit", || schema_for!(opi::mask::audit::Audit)),
    ("mask-candidate", || schema_for!(opi::mask::plan::Candidate)),
    ("mask-case", || schema_for!(opi::mask::case_file::CaseResult)),
    ("mask-certificate", || schema_for!(opi::mask::certificate::Certificate)),
    ("mask-utility", || schema_for!(opi::mask::utility::Utility)),
    ("mask-verdict", || schema_for!(mask::Verdict)),
    ("read-report", || schema_for!(opi::ReadReport)),
    ("rule", || schema_for!(opi::rules::RegisteredRule)),
    ("rule-comparison", || schema_for!(opi::rules::CompareRow)),
    ("snapshot", || schema_for!(opi::snapshot::Manifest)),
    ("snapshot-changes", || schema_for!(snapshot::Changes)),
    ("snapshot-diff", || schema_for!(snapshot::Compared)),
    ("snapshot-exported", || schema_for!(snapshot::Exported)),
    ("snapshot-list", || schema_for!(snapshot::Listed)),
    ("snapshot-verified", || schema_for!(snapshot::Verified)),
    ("snapshot-written", || schema_for!(snapshot::Written)),
    ("synth-summary", || schema_for!(synth::Invented)),
    ("total-reported", || schema_for!(opi::rules::TotalReported)),
    ("why-anb", || schema_for!(opi::DistrictFunding)),
    ("why-edfacts", || schema_for!(why::WhyFederal)),
    ("why-finding", || schema_for!(why::WhyFinding<'_>)),
    ("why-mask", || schema_for!(why::WhyPublic<'_>)),
    ("year-manifest", || schema_for!(year::outputs::RunManifest)),
    ("year-reading", || schema_for!(opi::Reading)),
];

/// Every schema by its name.
fn schemas() -> BTreeMap<&'static str, Schema> {
    let reports = REPORTS.iter().map(|(name, schema)| (*name, schema()));
    reports.chain(opi::dictionary::records::record_schemas()).collect()
}

pub(crate) fn run(arguments: SchemaArgs) -> Result<ExitCode, Failure> {
    let schemas = schemas();
    let known: Vec<&str> = schemas.keys().copied().collect();
    match (arguments.name.as_deref(), arguments.format) {
        (None, Format::Json) => output::json(&known)?,
        (None, Format::Human) => output::print(&(known.join("\n") + "\n"))?,
        (Some(name), _) => match schemas.get(name) {
            Some(schema) => output::json(schema)?,
            None => {
                return Err(Failure::new(format!("no schema {name:?}; known are {}", known.join(", "))));
            }
        },
    }
    Ok(ExitCode::SUCCESS)
}
