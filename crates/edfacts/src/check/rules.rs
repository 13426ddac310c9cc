//! The rules as data: what each finds, why it matters, how to mend it. The codes are ours and permanent;
//! the federal rule numbers are not public.

use opi_dictionary::{Citation, RuleClass, RuleInfo, RuleKey, RuleStatus, Severity};

const REJECT: Severity = Severity::BlocksUpload;
const ERROR: Severity = Severity::BlocksCertification;
const WARN: Severity = Severity::Confirm;

const READ: &str =
    "the federal system reads the file by its header and column positions; a slip here rejects the file";
const KNOWN: &str = "nothing loads for a unit that the directory of the year does not hold";
const UNITS: &str = "directory, grades offered and counts of a year must tell one story of the same units";
const CODES: &str = "a record that the specification does not foresee is rejected at upload";
const WHOLE: &str = "counts that do not add up are sent back, often months later";
const BETWEEN: &str =
    "the Department compares the files of a state with each other and asks for an explanation";
const PRIOR: &str = "the Department compares with the year before and asks for an explanation";
const ROWS: &str = "a row without it cannot be counted, or is counted in the wrong place";

const GENERATE: &str = "CEDS Generate metadata, report logic and file writer";
const GENERAL: &str = "general knowledge of the specifications";
const FOLLOWS: &str = "follows from the definitions of the files";

/// How firm a rule is, in one letter.
const fn cite(standing: u8) -> Citation {
    match standing {
        b'S' => Citation::sourced(GENERATE),
        b'D' => Citation::derived(FOLLOWS),
        _ => Citation::recall(GENERAL),
    }
}

#[allow(clippy::too_many_arguments)] // one row of a table, named in the order of the reference
const fn rule(
    code: &'static str,
    severity: Severity,
    class: RuleClass,
    key: RuleKey,
    files: &'static [&'static str],
    standing: u8,
    why: &'static str,
    summary: &'static str,
    fix: &'static str,
) -> RuleInfo {
    RuleInfo {
        code,
        summary,
        severity,
        class,
        status: RuleStatus::Stable,
        key,
        files,
        fields: &[],
        why,
        fix,
        citation: cite(standing),
        first_year: None,
        last_year: None,
    }
}

use RuleClass::{Consistency, Plausibility, Specification};
use RuleKey::{District, File, Record, School, State, Student, Table};

/// What rules on rows of students stand for in the place of files.
pub(crate) const STUDENT_ROWS: &str = "student rows";
const ALL: &[&str] = &["all"];
const COUNTS: &[&str] = &["counts"];

#[rustfmt::skip]
static RULES: &[RuleInfo] = &[
    rule("FMT-01", REJECT, Specification, File, ALL, b'S', READ, "the file is empty or its first record is not a header of five columns", "write the header as the first record, with its five columns"),
    rule("FMT-02", REJECT, Specification, File, ALL, b'S', READ, "the file type of the header is not that of the file and level", "write the file type text of the specification for this level"),
    rule("FMT-03", REJECT, Specification, File, ALL, b'S', READ, "the header does not announce the number of data records", "write the number of data records, the header not counted"),
    rule("FMT-04", REJECT, Specification, File, ALL, b'D', READ, "the header names another file", "write the name of the file itself, with its extension, in the header"),
    rule("FMT-05", REJECT, Specification, File, ALL, b'S', READ, "the file identifier is longer than 32 characters", "shorten the file identifier"),
    rule("FMT-06", REJECT, Specification, File, ALL, b'D', READ, "the reporting period is not the school year in the form CCYY-CCYY", "write two consecutive years joined by a hyphen"),
    rule("FMT-07", REJECT, Specification, File, ALL, b'D', READ, "the file name does not follow state, level, abbreviation, version and extension", "rename the file; 25 characters at most, the extension included"),
    rule("FMT-08", REJECT, Specification, File, ALL, b'S', READ, "extension and content do not agree, or the form is not accepted", "use .csv for commas, .tab for tabs, .txt for fixed width; XML is not accepted"),
    rule("FMT-09", REJECT, Specification, Record, ALL, b'S', READ, "the record has not the number of columns of the layout", "write every column of the layout, fillers as blanks, nothing after the last"),
    rule("FMT-10", REJECT, Specification, Record, ALL, b'S', READ, "the fixed-width record has not the length of the layout", "pad every value to its width, up to the last column"),
    rule("FMT-11", REJECT, Specification, Record, ALL, b'S', READ, "a value is longer than its column", "shorten the value to the length of the column"),
    rule("FMT-12", REJECT, Specification, Record, ALL, b'S', READ, "a column that always holds a value is blank", "fill the column"),
    rule("FMT-13", REJECT, Specification, Record, ALL, b'S', READ, "a filler is filled", "leave fillers blank"),
    rule("FMT-14", REJECT, Specification, Record, ALL, b'S', READ, "the record number is not the place of the record", "number the data records 1, 2, 3 without leading zeros"),
    rule("FMT-15", REJECT, Specification, Record, ALL, b'S', READ, "the state code is not that of the state", "write the FIPS code of the state as two digits"),
    rule("FMT-16", REJECT, Specification, Record, ALL, b'S', READ, "the state agency number is not 01", "write 01, with the leading zero"),
    rule("FMT-17", REJECT, Specification, Record, COUNTS, b'S', READ, "the table name is not one of the file", "write the table name of the specification"),
    rule("FMT-18", REJECT, Specification, Record, COUNTS, b'S', READ, "the total indicator is neither Y nor N", "write N for category sets and Y for subtotals and totals"),
    rule("FMT-19", REJECT, Specification, Record, ALL, b'D', READ, "the amount is not a whole number", "write digits only: no sign, no decimals, no separators"),
    rule("FMT-20", REJECT, Specification, Record, &["059", "067", "070", "099", "112", "203"], b'S', READ, "the full-time equivalent is not a number with at most two decimals", "write digits with at most two decimals"),
    rule("FMT-21", REJECT, Specification, Record, &["150"], b'D', READ, "the rate is not a percentage with at most one decimal", "write 0 to 100 with at most one decimal"),
    rule("FMT-22", REJECT, Specification, Record, ALL, b'R', READ, "a value holds a character that the form cannot carry, or its quotes do not close", "use printable ASCII; in csv quote values that hold commas or quotes"),
    rule("FMT-23", REJECT, Specification, Record, &["029", "198"], b'D', READ, "a date is not a real day in the form CCYY-MM-DD", "write the date as CCYY-MM-DD"),
    rule("FMT-24", REJECT, Specification, Record, &["029"], b'D', READ, "a postal code, phone number or state does not have its form", "write 5 or 4 digits, 10 digits, or two letters"),
    rule("MTC-01", REJECT, Consistency, District, &["LEA and SCH files"], b'R', KNOWN, "the district is not in the directory", "send file 029 first, or mend the district identifier"),
    rule("MTC-02", REJECT, Consistency, School, &["SCH files"], b'R', KNOWN, "the school is not in the directory under this district", "send file 029 first, or mend the school identifier"),
    rule("MTC-03", ERROR, Consistency, School, &["LEA and SCH files"], b'S', UNITS, "a closed, inactive or future unit has a count", "leave the unit out, or mend its status in file 029"),
    rule("MTC-04", ERROR, Consistency, District, &["029"], b'R', UNITS, "a school of the directory names a district that the directory lacks", "add the district to the LEA file of 029"),
    rule("MTC-05", WARN, Consistency, School, &["029"], b'R', PRIOR, "a unit of last year that was not closed is gone", "report the unit with its new status, closed in the year of closing"),
    rule("MTC-06", ERROR, Consistency, School, &["029"], b'D', PRIOR, "the prior identifier is not that of the unit in the year before", "write the identifier under which the unit stood last year"),
    rule("MTC-07", ERROR, Specification, Record, &["029"], b'S', UNITS, "the effective date of the updated status lies outside the school year", "write a date from 1 July to 30 June of the year"),
    rule("MTC-08", ERROR, Specification, Record, &["029"], b'R', UNITS, "updated status and effective date are not filled together", "fill both or neither"),
    rule("MTC-09", ERROR, Consistency, School, &["029"], b'R', PRIOR, "a unit is called new or added but stood in last year's directory", "use another status"),
    rule("MTC-10", ERROR, Consistency, School, &["039"], b'R', UNITS, "an open unit has no grades offered, or a closed one has some", "send one record a grade for open units only"),
    rule("MTC-11", ERROR, Consistency, District, &["039"], b'R', UNITS, "a school offers a grade that its district does not", "add the grade to the district"),
    rule("SUB-01", REJECT, Specification, Table, COUNTS, b'R', CODES, "two records have the same unit, table and categories", "keep one of the records"),
    rule("SUB-02", REJECT, Specification, Record, COUNTS, b'S', CODES, "the filled categories are not those of a set of the table", "fill exactly the categories of one category set"),
    rule("SUB-03", REJECT, Specification, Record, COUNTS, b'S', CODES, "the total indicator is not that of the set", "write N for category sets and Y for subtotals and totals"),
    rule("SUB-04", REJECT, Specification, Record, COUNTS, b'S', CODES, "the code is not permitted in the column for this file and year", "use a code of the list, in its letter case"),
    rule("SUB-05", ERROR, Specification, Record, COUNTS, b'S', CODES, "a record with MISSING has the count 0", "leave the record out"),
    rule("SUB-06", ERROR, Specification, Table, COUNTS, b'R', WHOLE, "records that the unit owes are not there", "send a record with 0 for every combination that the unit can have"),
    rule("SUB-07", ERROR, Consistency, Table, COUNTS, b'R', WHOLE, "a count is greater than the total of the unit", "recount the set or the total"),
    rule("SUB-08", ERROR, Consistency, Table, COUNTS, b'R', WHOLE, "the sum of a set does not fit the total of the unit", "recount; students without the value stand in MISSING"),
    rule("SUB-09", ERROR, Consistency, Table, COUNTS, b'R', WHOLE, "a subtotal is not the sum of its parts", "recount the subtotal or its parts"),
    rule("SUB-10", ERROR, Consistency, State, COUNTS, b'R', BETWEEN, "the state count is below the largest district, or above the sum of districts", "count each student once in the state and once in each district"),
    rule("SUB-11", ERROR, Consistency, State, &["052"], b'R', BETWEEN, "totals of the lower level do not add up to the upper, and no explanation is given", "explain students outside the lower units, or in several, in the explanation column"),
    rule("SUB-12", ERROR, Specification, Table, COUNTS, b'R', WHOLE, "the state file lacks combinations that every state reports", "send a record with 0 for every permitted combination"),
    rule("SUB-13", ERROR, Consistency, School, &["052"], b'S', UNITS, "the unit does not offer the grade", "mend file 039 or leave the record out"),
    rule("SUB-14", ERROR, Specification, Record, &["052"], b'S', CODES, "the state has not declared grade 13, ungraded or adult education", "declare the grade in the profile, or leave the record out"),
    rule("SUB-15", ERROR, Consistency, School, &["033"], b'R', BETWEEN, "free and reduced price do not add up, or exceed the membership", "recount file 033"),
    rule("SUB-16", ERROR, Consistency, School, &["033"], b'S', BETWEEN, "a school outside the lunch programme reports lunch counts", "leave the school out of file 033 or mend file 129"),
    rule("SUB-17", ERROR, Specification, Record, &["002"], b'S', CODES, "a school reports home, hospital or private placement", "report these environments at district and state level only"),
    rule("SUB-18", ERROR, Consistency, Record, &["002"], b'S', CODES, "developmental delay or a correctional facility at an age that the state does not permit", "mend the age or the category, or the declaration"),
    rule("SUB-19", ERROR, Specification, Record, &["002", "089"], b'S', CODES, "a five-year-old stands in the wrong file for the grade", "kindergarten and above in 002, others in 089"),
    rule("SUB-20", ERROR, Consistency, Record, &["009"], b'S', CODES, "an exit reason at an age, or in a state, that does not have it", "mend the reason, or the declared ages and credentials"),
    rule("SUB-21", ERROR, Consistency, Student, &["006"], b'S', WHOLE, "a student stands in two length groups of one method", "add up the days of the student and method first"),
    rule("SUB-22", ERROR, Consistency, Table, &["088"], b'R', WHOLE, "the length groups do not add up to the total", "count each student in one length group"),
    rule("SUB-23", ERROR, Consistency, Table, &["143", "088"], b'D', BETWEEN, "there are fewer removals than students removed", "recount file 143 or 088"),
    rule("SUB-24", ERROR, Consistency, Table, &["007", "005"], b'D', BETWEEN, "removals by reason do not fit the students removed by school staff", "recount file 007 or 005"),
    rule("SUB-25", ERROR, Plausibility, Table, &["006"], b'R', BETWEEN, "more children were suspended than twice the child count", "recount file 006"),
    rule("SUB-26", ERROR, Consistency, School, &["032"], b'S', UNITS, "dropouts in a grade that the unit does not offer", "mend the grade, or file 039"),
    rule("SUB-27", ERROR, Consistency, School, &["040"], b'S', UNITS, "graduates in a unit without grade 12 or without membership", "leave the unit out, or mend files 039 and 052"),
    rule("SUB-28", ERROR, Consistency, Table, &["150", "151"], b'D', BETWEEN, "the rate is not that of the cohort counts", "compute the rate from file 151, half up to one decimal"),
    rule("SUB-29", ERROR, Consistency, Table, &["150", "151"], b'R', BETWEEN, "the rate counts removed students in its denominator", "leave COHREM out of the denominator"),
    rule("SUB-30", ERROR, Consistency, Record, &["175", "178", "179"], b'S', CODES, "results for a test that the state has not declared", "declare the test, or leave the record out"),
    rule("SUB-31", ERROR, Consistency, Table, &["175", "178", "179", "185", "188", "189"], b'R', BETWEEN, "more results than students tested", "recount results or participation"),
    rule("SUB-32", ERROR, Consistency, Table, &["185", "188", "189"], b'R', WHOLE, "subgroup sets of one grade count different numbers of students", "count every enrolled student once in each full set"),
    rule("SUB-33", ERROR, Consistency, Table, &["188"], b'R', WHOLE, "the English proficiency test stands in for reading for other than English learners", "use PARTELP for first-year English learners only"),
    rule("SUB-34", ERROR, Consistency, Table, &["195"], b'R', WHOLE, "the sets of chronic absenteeism do not fit the total", "recount the school"),
    rule("SUB-35", ERROR, Consistency, Table, &["118"], b'D', WHOLE, "the sets of homeless students do not fit each other", "recount the unit"),
    rule("SUB-36", ERROR, Consistency, District, &["194"], b'S', BETWEEN, "a district without subgrant reports served children", "mend file 170 or 194"),
    rule("SUB-37", ERROR, Consistency, Table, &["141"], b'S', WHOLE, "the sets of English learners do not fit the total", "recount the unit"),
    rule("SUB-38", ERROR, Plausibility, Table, &["116"], b'R', BETWEEN, "far more students are served than are English learners", "recount file 116 or 141"),
    rule("SUB-39", ERROR, Consistency, District, &["037", "134"], b'S', BETWEEN, "Title I counts in a district without a Title I school", "mend file 223, 037 or 134"),
    rule("SUB-40", ERROR, Consistency, Table, &["054", "121"], b'R', BETWEEN, "more migratory children are served than are eligible", "recount file 054 or 121"),
    rule("SUB-41", ERROR, Consistency, Table, &["119", "127"], b'R', WHOLE, "the sets of a programme do not add up to its subtotal", "recount the programme"),
    rule("SUB-42", ERROR, Consistency, School, &["212", "206"], b'R', BETWEEN, "a reason of identification without the status", "mend file 206 or 212"),
    rule("SUB-43", ERROR, Specification, Record, &["199", "200", "201", "202", "205"], b'D', CODES, "a state defined status and its name do not stand together", "name the status with STTDEF, leave the name blank with other codes"),
    rule("SUB-44", WARN, Plausibility, Table, COUNTS, b'R', PRIOR, "the total changed much against the year before", "confirm and explain the change, or recount"),
    rule("SUB-45", ERROR, Consistency, District, &["059"], b'R', BETWEEN, "the schools have more teachers than the district", "recount file 059"),
    rule("SUB-46", ERROR, Specification, File, ALL, b'R', READ, "two files of one specification, level and year are given", "send one file; it replaces the earlier one as a whole"),
    rule("SUB-47", ERROR, Specification, File, &["LEA and SCH files"], b'S', READ, "the file is not collected at this level", "send it at the levels of the specification"),
    rule("SUB-48", ERROR, Specification, Table, &["082", "083", "142", "154", "155", "156", "157", "158", "169"], b'S', WHOLE, "the set of out-of-workforce individuals is there in part", "send the set as a whole, or not at all"),
    rule("SUB-49", WARN, Plausibility, Record, ALL, b'S', CODES, "a count for something that the state has not declared", "declare it in the profile, or leave the record out"),
    rule("STG-01", REJECT, Specification, Student, &[STUDENT_ROWS], b'S', ROWS, "an enrollment has no entry date, or begins after the school year", "fill the entry date; it lies before 1 July"),
    rule("STG-02", ERROR, Specification, Student, &[STUDENT_ROWS], b'S', ROWS, "a row names neither district nor school", "fill the district"),
    rule("STG-03", WARN, Specification, Student, &[STUDENT_ROWS], b'S', ROWS, "a special education status has no begin date or no environment", "fill both"),
    rule("STG-04", WARN, Specification, Student, &[STUDENT_ROWS], b'S', ROWS, "an English learner status has no begin date", "fill the begin date"),
    rule("STG-05", REJECT, Consistency, District, &["029"], b'S', UNITS, "a unit of the directory stands with two names, federal identifiers or charter values", "keep one record a unit"),
    rule("STG-06", WARN, Specification, Student, &[STUDENT_ROWS], b'S', ROWS, "a lunch status says neither free nor reduced price", "fill the eligibility"),
    rule("STG-07", WARN, Specification, Student, &[STUDENT_ROWS], b'S', ROWS, "a firearm incident has no weapon or no result", "fill both"),
];

/// All rules, in the order of their codes.
#[must_use]
pub fn rules() -> &'static [RuleInfo] {
    RULES
}

/// The rule with this code.
#[must_use]
pub fn rule_info(code: &str) -> Option<&'static RuleInfo> {
    RULES.iter().find(|rule| rule.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_those_of_the_reference_and_speak_plainly() {
        assert_eq!(RULES.len(), 91);
        let mut codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
        codes.dedup();
        assert_eq!(codes.len(), 91);
        for rule in RULES {
            for text in [rule.summary, rule.why, rule.fix] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{}", rule.code);
            }
        }
    }
}
