//! The rules over a year's uploads.

use crate::checking::{CheckedUpload, finding_report};
use crate::register::{Received, time_of};
use crate::year::{Progress, Stage, Year, YearError};
use opi_report::FindingReport;
use opi_rules::{Checker, Input, Inputs, Options, References};
use opi_snapshot::TimeGiven;

/// What the rules found in a year's uploads.
pub struct Validated {
    /// The account of the run, with exact counts by rule and district.
    pub account: opi_rules::Report,
    /// The findings with the account, to be rendered in any format. It shows no value.
    pub findings: FindingReport,
    /// Files that no rule could read, of this year and the one before: of no known layout.
    pub left_out: Vec<String>,
}

/// The name of a file that no rule could read, and why.
type LeftOut = (String, String);

impl Year {
    /// Runs the rules over the uploads that had come in by the day that stands for today, beside those of the year
    /// before. `progress` is told as the stage begins and ends.
    ///
    /// # Errors
    /// When a file cannot be opened, the policy names an unknown rule, or `progress` answers false.
    pub fn validate(&self, mut progress: impl FnMut(Progress<'_>) -> bool) -> Result<Validated, YearError> {
        let mut references = References::new(&self.dictionary, self.school_year, self.as_of);
        references.directory = self.directory.as_ref();
        references.tables = self.tables.clone();
        let options = Options { samples_per_rule: self.samples_per_rule, ..Options::default() };
        let checker = Checker::new(&references, &self.policy, options)?;
        let (current, mut left_out) = self.inputs(&self.uploads)?;
        let (prior, left_out_before) = self.inputs(&self.prior_uploads)?;
        let of = current.len() + prior.len();
        let mut tell = |done: usize| match progress(Progress { stage: Stage::Validate, done, of, file: "" }) {
            true => Ok(()),
            false => Err(YearError::Stopped { done, of }),
        };
        tell(0)?;
        let inputs = Inputs {
            current: current.iter().map(|input| input as &dyn Input).collect(),
            register: Vec::new(),
            prior: prior.iter().map(|input| input as &dyn Input).collect(),
        };
        let mut outcome = checker.check_state(&inputs)?;
        for (role, files) in [("current", &left_out), ("prior", &left_out_before)] {
            for (name, why) in files {
                outcome.report.left_out(name, role, why);
            }
        }
        left_out.extend(left_out_before);
        let left_out = left_out.into_iter().map(|(name, _)| name).collect();
        let findings = outcome.findings(&checker, &inputs, false)?;
        tell(of)?;
        let findings = finding_report(&outcome.report, findings)?;
        Ok(Validated { account: outcome.report, findings, left_out })
    }

    /// The files that the rules can read, and the names of those that they cannot, with the reason.
    fn inputs<'a>(
        &'a self,
        uploads: &'a [Received],
    ) -> Result<(Vec<CheckedUpload<'a>>, Vec<LeftOut>), YearError> {
        let (mut found, mut left_out) = (Vec::with_capacity(uploads.len()), Vec::new());
        for received in uploads {
            let upload = received.upload.as_ref();
            let at = time_of(received, &self.dictionary, &self.options);
            if at.is_some_and(|at| at > TimeGiven::end_of(self.as_of)) {
                continue;
            }
            let layout = received.layout.as_deref().or(self.options.layout.as_deref());
            let checked = CheckedUpload::or_why_not(upload, &self.dictionary, layout);
            match checked.map_err(|source| YearError::Read { file: upload.name().to_owned(), source })? {
                Ok(input) => found.push(input.uploaded_by(received.district)),
                Err(why) => left_out.push((upload.name().to_owned(), why)),
            }
        }
        Ok((found, left_out))
    }
}
