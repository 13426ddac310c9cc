//! Splitting an upload into two: the rows that would be taken, and those that would not, with the reasons.

use crate::year::Upload;
use opi_dictionary::{Dictionary, Hit, RuleKey};
use opi_rules::{Checker, Inputs, Outcome, RulesError};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};

/// How many rows went where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Rows without a finding of the severity asked for.
    pub accepted: u64,
    /// Rows with one.
    pub rejected: u64,
}

/// Whether a finding rejects the row at its line. What is said of a file as a whole, at line 0 or in its first line, is
/// not the fault of a row that stands there for want of a header.
fn rejects_row(checker: &Checker<'_>, hit: &Hit) -> bool {
    hit.line > 1 || (hit.line == 1 && checker.info(hit.rule).is_none_or(|info| info.key != RuleKey::File))
}

/// The findings of [`Outcome::rejected`], and those that follow when their rows are left out, until no row more is
/// rejected: a student whose demographics are not taken is unknown, so the other rows about the student are not taken
/// either. What is then missing from a file as a whole is not told.
///
/// # Errors
/// As [`Checker::check`].
pub fn rejected_with_consequences(
    checker: &Checker<'_>,
    inputs: &Inputs<'_>,
    outcome: &Outcome,
) -> Result<Vec<Hit>, RulesError> {
    let mut all: BTreeSet<Hit> = outcome.rejected.iter().copied().collect();
    let mut rows = BTreeSet::new();
    loop {
        let before = rows.len();
        rows.extend(all.iter().filter(|hit| rejects_row(checker, hit)).map(|hit| (hit.file, hit.line)));
        if rows.len() == before {
            return Ok(all.into_iter().collect());
        }
        let more = checker.check_without(inputs, &rows)?.rejected;
        all.extend(more.into_iter().filter(|hit| rejects_row(checker, hit)));
    }
}

/// Writes the lines of an upload to two files byte for byte, the header to both, so that each can be uploaded by
/// itself. `rejected` are the findings about this file from [`Outcome::rejected`] or [`rejected_with_consequences`].
/// `reasons` gets one CSV line a finding: the line in the upload, the line in the file of rejected rows, the code,
/// the field, what is wrong and how to mend it. No value is written there.
///
/// A finding about the header or the file as a whole, line 0, moves no row: it is listed with a blank rejected line.
///
/// # Errors
/// When the upload cannot be read or an output cannot be written.
pub fn split_upload(
    upload: &dyn Upload,
    checker: &Checker<'_>,
    rejected: &[Hit],
    mut accepted_out: impl Write,
    mut rejected_out: impl Write,
    reasons: impl Write,
) -> std::io::Result<Split> {
    let mut by_line: BTreeMap<u64, Vec<&Hit>> = BTreeMap::new();
    for hit in rejected {
        by_line.entry(u64::from(hit.line)).or_default().push(hit);
    }
    let mut reasons = csv::Writer::from_writer(reasons);
    reasons.write_record(["line", "rejected_line", "code", "field", "message", "fix"])?;
    for hit in by_line.remove(&0).into_iter().flatten() {
        write_reason(&mut reasons, checker, hit, "")?;
    }
    let mut split = Split::default();
    let (mut number, mut rejected_line) = (0u64, 0u64);
    let mut input = upload.open()?;
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        let hits = by_line.get(&number);
        let header = number == 1 && is_header(&line);
        let rejects = hits.is_some_and(|hits| hits.iter().any(|hit| rejects_row(checker, hit)));
        if header || !rejects {
            accepted_out.write_all(&line)?;
        }
        if header || rejects {
            rejected_out.write_all(&line)?;
            rejected_line += 1;
        }
        if !header {
            *(if rejects { &mut split.rejected } else { &mut split.accepted }) += 1;
        }
        for hit in hits.into_iter().flatten() {
            let moved = !header && rejects_row(checker, hit);
            let place = if moved { rejected_line.to_string() } else { String::new() };
            write_reason(&mut reasons, checker, hit, &place)?;
        }
        line.clear();
    }
    accepted_out.flush()?;
    rejected_out.flush()?;
    reasons.flush()?;
    Ok(split)
}

/// Whether the first line is a header, whatever is wrong with it: it says so, or has the four fields of one.
fn is_header(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
    line.starts_with(b"HD\t") || line.iter().filter(|byte| **byte == b'\t').count() == 3
}

fn write_reason(
    out: &mut csv::Writer<impl Write>,
    checker: &Checker<'_>,
    hit: &Hit,
    rejected_line: &str,
) -> std::io::Result<()> {
    let info = checker.info(hit.rule);
    let (code, message, fix) = info.map_or(("", "", ""), |info| (info.code, info.summary, info.fix));
    let field = hit.field.and_then(|field| Dictionary::built_in().field_info(field));
    let field = field.map_or("", |field| &field.name);
    out.write_record([&hit.line.to_string(), rejected_line, code, field, message, fix])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CheckedUpload;
    use opi_dictionary::{Citation, RuleClass, RuleInfo, RuleStatus, Severity, fields};
    use opi_rules::{Emit, Inputs, Options, Policy, Record, References, Rule};

    /// The accepted rows, the rejected rows and the reasons.
    fn split(text: &str) -> [String; 3] {
        split_as("fall.tsv", text, &[])
    }

    fn split_as(name: &str, text: &str, own: &[&dyn Rule]) -> [String; 3] {
        let upload = (name.to_owned(), text.as_bytes().to_vec());
        let references = References::new(
            Dictionary::built_in(),
            "2025-26".parse().unwrap(),
            "2026-01-21".parse().unwrap(),
        );
        let options = Options { rejected_from: Some(Severity::BlocksUpload), ..Options::default() };
        let checker = Checker::with_rules(&references, &Policy::default(), options, own).unwrap();
        let input = CheckedUpload::new(&upload, Dictionary::built_in(), None).unwrap().unwrap();
        let inputs = Inputs::of(&[&input]);
        let outcome = checker.check(&inputs).unwrap();
        let findings = outcome.findings(&checker, &inputs, false).unwrap();
        assert!(crate::finding_report(&outcome.report, findings).is_ok(), "every rule that ran is described");
        let mut out = [Vec::new(), Vec::new(), Vec::new()];
        let [accepted, rejected, reasons] = &mut out;
        let counts = split_upload(&upload, &checker, &outcome.rejected, accepted, rejected, reasons).unwrap();
        let rows = text.lines().filter(|line| !line.starts_with("HD")).count() as u64;
        assert_eq!(counts.accepted + counts.rejected, rows, "no row is lost or doubled");
        out.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    const HEADER: &str = "HD\t01/21/2026\t08:15:00\tMT9.1\r\n";
    const GOOD: &str = "AF\t9901\t9911\t100\t990000101\t101\tLarkspur\tZinnia\tF\tN\tN\t2026\r\n";
    const BAD: &str = "AF\t9901\t9911\t100\t990000102\t101\tLarkspur\tZinnia\tF\tQ\tN\t2026\r\n";
    const SHORT: &str = "AF\t9901\t9911\r\n";

    #[test]
    fn each_row_goes_to_one_of_two_files_that_both_have_the_header() {
        let last = GOOD.replace("990000101", "990000103").replace("\r\n", "");
        let [accepted, rejected, reasons] = split(&[HEADER, GOOD, BAD, SHORT, &last].concat());
        assert_eq!(accepted, [HEADER, GOOD, &last].concat());
        assert_eq!(rejected, [HEADER, BAD, SHORT].concat());
        let reasons: Vec<&str> = reasons.lines().collect();
        assert!(reasons[1].starts_with("3,2,CNT-008,Absent,"), "{reasons:?}");
        assert!(reasons[2].starts_with("4,3,FILE-009,,"), "{reasons:?}");
        assert_eq!(reasons.len(), 3, "{reasons:?}");
    }

    #[test]
    fn what_is_split_is_clean_when_checked_again() {
        let text = [HEADER, GOOD, BAD, SHORT].concat();
        let [accepted, rejected, _] = split(&text);
        assert_eq!(split(&accepted)[1], HEADER);
        assert_eq!(split(&rejected)[0], HEADER);
    }

    /// Splits several files of a run: the accepted rows of each, and the codes for which rows were rejected.
    fn split_all(files: &[(&str, String)]) -> Vec<(String, Vec<String>)> {
        let uploads: Vec<(String, Vec<u8>)> =
            files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        let (year, today) = ("2025-26".parse().unwrap(), "2026-01-21".parse().unwrap());
        let references = References::new(Dictionary::built_in(), year, today);
        let options = Options { rejected_from: Some(Severity::BlocksUpload), ..Options::default() };
        let checker = Checker::new(&references, &Policy::default(), options).unwrap();
        let inputs: Vec<CheckedUpload<'_>> = uploads
            .iter()
            .map(|upload| CheckedUpload::new(upload, Dictionary::built_in(), None).unwrap().unwrap())
            .collect();
        let inputs = Inputs::of(&inputs.iter().collect::<Vec<_>>());
        let outcome = checker.check(&inputs).unwrap();
        let rejected = rejected_with_consequences(&checker, &inputs, &outcome).unwrap();
        let split = |upload: &(String, Vec<u8>)| {
            let number = outcome.names.iter().position(|name| *name == upload.0).unwrap();
            let hits: Vec<Hit> = rejected.iter().filter(|hit| hit.file as usize == number).copied().collect();
            let mut accepted = Vec::new();
            split_upload(upload, &checker, &hits, &mut accepted, std::io::sink(), std::io::sink()).unwrap();
            let codes = hits.iter().map(|hit| checker.code(hit.rule).unwrap().to_owned());
            (String::from_utf8(accepted).unwrap(), codes.collect())
        };
        uploads.iter().map(split).collect()
    }

    #[test]
    fn rows_that_hang_on_a_rejected_row_are_rejected_with_it() {
        let student = |id: &str, gender: &str| {
            format!(
                "SD\t9901\t{id}\t{id}\tLarkspur\tZinnia\t\t\t{gender}\t03/04/2015\tN\tN\tN\tN\tN\tY\t2026\r\n"
            )
        };
        let count = |id: &str| GOOD.replace("990000101", id);
        let (good, bad) = ("990000101", "990000102");
        let demographics = [HEADER, &student(good, "F"), &student(bad, "X")].concat();
        let counts = [HEADER, &count(good), &count(bad)].concat();
        let files = [("sd.tsv", demographics), ("fall.tsv", counts)];
        let split = split_all(&files);
        assert_eq!(split[0], ([HEADER, &student(good, "F")].concat(), vec!["DEM-006".to_owned()]));
        assert_eq!(split[1], ([HEADER, &count(good)].concat(), vec!["ID-011".to_owned()]));
        let again = split_all(&[("sd.tsv", split[0].0.clone()), ("fall.tsv", split[1].0.clone())]);
        assert!(again.iter().all(|(_, codes)| codes.is_empty()), "{again:?}");
        // So it is where no row of the other file is left.
        let files =
            [("sd.tsv", [HEADER, &student(bad, "X")].concat()), ("fall.tsv", [HEADER, &count(bad)].concat())];
        let split = split_all(&files);
        assert_eq!(split[0].0, HEADER);
        assert_eq!(split[1], (HEADER.to_owned(), vec!["ID-011".to_owned()]));
    }

    #[test]
    fn a_finding_about_the_header_moves_no_row() {
        let text = [&HEADER.replace("MT9.1", "MT1.0"), GOOD].concat();
        let [accepted, rejected, reasons] = split(&text);
        assert_eq!(accepted, text);
        assert_eq!(rejected.lines().count(), 1);
        assert!(reasons.contains("1,,FILE-007,"), "{reasons}");
    }

    #[test]
    fn a_finding_about_the_file_as_a_whole_is_listed_and_moves_no_row() {
        let text = [HEADER, GOOD].concat();
        let [accepted, rejected, reasons] = split_as("fall.docx", &text, &[]);
        assert_eq!((accepted, rejected), (text, HEADER.to_owned()));
        assert!(reasons.lines().any(|line| line.starts_with("0,,FILE-001,,")), "{reasons}");
    }

    #[test]
    fn a_row_in_the_place_of_the_header_is_not_rejected_for_the_want_of_one() {
        let [accepted, rejected, reasons] = split(&[GOOD, &GOOD.replace("990000101", "990000103")].concat());
        assert_eq!((accepted.lines().count(), rejected.as_str()), (2, ""), "{reasons}");
        assert!(reasons.contains("1,,FILE-002,"), "{reasons}");
    }

    /// A rule that no registry lists.
    struct Own(RuleInfo);

    impl Rule for Own {
        fn info(&self) -> &RuleInfo {
            &self.0
        }

        fn record(&self, record: &Record<'_>, emit: &mut Emit<'_, '_>) {
            record.report(emit, fields::LAST_NAME);
        }
    }

    #[test]
    fn a_rule_of_ones_own_says_what_is_wrong() {
        let own = Own(RuleInfo {
            code: "OWN-001",
            summary: "a name is given",
            severity: Severity::BlocksUpload,
            class: RuleClass::Plausibility,
            status: RuleStatus::Preview,
            key: RuleKey::Record,
            files: &["fall-enrollment-count"],
            fields: &["last_name"],
            why: "a test",
            fix: "take it out",
            citation: Citation::derived("a test"),
            first_year: None,
            last_year: None,
        });
        let [_, rejected, reasons] = split_as("fall.tsv", &[HEADER, GOOD].concat(), &[&own]);
        assert_eq!(rejected, [HEADER, GOOD].concat());
        assert!(reasons.contains("2,2,OWN-001,Last Name,a name is given,take it out"), "{reasons}");
    }
}
