//! The one error type of the crate.

use crate::{CertificationState, ContentHash, Member, TimeGiven};
use chrono::NaiveDate;
use thiserror::Error;

/// What this crate could not do. Messages name keys, counts and positions, never values of students.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A time that cannot be read.
    #[error("{found:?} is no time: write 2025-10-08T09:00:00")]
    Time {
        /// What was found, at most 30 characters.
        found: String,
    },
    /// A hash that cannot be read.
    #[error("{found:?} is no content hash: expected 64 hexadecimal digits in small letters")]
    Hash {
        /// What was found, at most 70 characters.
        found: String,
    },
    /// A row with more or fewer texts than its table has columns.
    #[error("{table}: a row of {found} fields, expected {expected}")]
    WrongWidth {
        /// The table.
        table: String,
        /// Fields found.
        found: usize,
        /// Columns of the table.
        expected: usize,
    },
    /// A table whose text passes 4 GiB.
    #[error("{table}: more than 4 GiB of text in one table: split it by district")]
    TableTooLarge {
        /// The table.
        table: String,
    },
    /// A layout and a table that have not the same columns.
    #[error("{table}: the layout given has other columns than the table")]
    OtherColumns {
        /// The table.
        table: String,
    },
    /// Two tables that are compared and have not the same key or the same columns.
    #[error("{table}: the two tables have other columns or another key and cannot be compared row by row")]
    NotComparable {
        /// The table.
        table: String,
    },
    /// A table twice in one snapshot.
    #[error("table {table} stands twice in the snapshot")]
    TwiceInSnapshot {
        /// The table.
        table: String,
    },
    /// A stored table whose layout the dictionary lacks.
    #[error("{table}: the dictionary has no layout of this name")]
    NoLayout {
        /// The table.
        table: String,
    },
    /// A snapshot that is no stored register, or one that tells an impossible story.
    #[error("{table}: this is no stored register: {problem}")]
    NoRegister {
        /// The table.
        table: String,
        /// What is wrong.
        problem: String,
    },
    /// A layout that no rule of import names.
    #[error("{layout} is no file that districts upload: no rule of import names it")]
    NoImportRule {
        /// The key of the layout.
        layout: String,
    },
    /// A file that replaces all data of a district, without the district that sent it.
    #[error(
        "{layout}: the file replaces all data of its district, so the district that sent it must be given"
    )]
    ReplaceNeedsDistrict {
        /// The key of the layout.
        layout: String,
    },
    /// An upload that is older than one already taken in.
    #[error("upload of {found} comes after one of {latest}: give uploads in the order of their times")]
    OutOfOrder {
        /// The time of the upload.
        found: TimeGiven,
        /// The time of the latest upload taken in.
        latest: TimeGiven,
    },
    /// A manifest that cannot be read.
    #[error("manifest: {problem}")]
    Manifest {
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A snapshot of a version that is newer than this program.
    #[error(
        "snapshot format version {found} is newer than this program reads ({supported}): update the program"
    )]
    NewerVersion {
        /// The version found.
        found: u64,
        /// The latest version that is read.
        supported: u64,
    },
    /// A snapshot of a version that was never written.
    #[error("snapshot format version {found} does not exist: expected 1 to {supported}")]
    UnknownVersion {
        /// The version found.
        found: u64,
        /// The latest version that is read.
        supported: u64,
    },
    /// A member of a certification that cannot be one.
    #[error(
        "a member must be a user id or role: not blank, without ; and control characters, without spaces around it"
    )]
    Member,
    /// A step of certification that is not possible.
    #[error("certification of {collection} by district {district}: {problem}")]
    Certification {
        /// The district.
        district: opi_dictionary::DistrictNumber,
        /// The collection.
        collection: String,
        /// Why the step is not possible.
        problem: CertificationProblem,
    },
    /// A certifications file that cannot be read.
    #[error("certifications, line {line}: {problem}")]
    CertificationFile {
        /// The line, 1 = the column names.
        line: u64,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// Rows given as the certified ones that are others.
    #[error(
        "the rows given as certified are not the certified ones: their content is {found:?}, certified was {certified:?}"
    )]
    NotTheCertifiedRows {
        /// The content of the rows given.
        found: ContentHash,
        /// The content certified.
        certified: ContentHash,
    },
}

/// Why a step of certification is not possible.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificationProblem {
    /// The state does not allow the step.
    #[error("cannot {step} while it is {state}: {allowed}")]
    Illegal {
        /// The step.
        step: &'static str,
        /// The state.
        state: CertificationState,
        /// What would be possible.
        allowed: &'static str,
    },
    /// No certifier.
    #[error("it has no primary member: at least one must be named")]
    NoPrimaryMember,
    /// A window without a day.
    #[error("the window closes on {closes}, before it opens on {opens}")]
    EmptyWindow {
        /// The first day.
        opens: NaiveDate,
        /// The last day.
        closes: NaiveDate,
    },
    /// Not one of the certifiers.
    #[error(
        "{member} is no primary member of the collection and cannot certify; primary members are {primaries}"
    )]
    NotPrimary {
        /// Who tried.
        member: Member,
        /// Who could, joined by commas.
        primaries: String,
    },
    /// Certified twice by the same member.
    #[error("{member} has certified this content already")]
    AlreadyCertifiedBy {
        /// Who tried.
        member: Member,
    },
    /// Findings that block.
    #[error("{blocking} findings block certification: correct the data and validate again")]
    Blocked {
        /// How many.
        blocking: u64,
    },
    /// Content that is not the validated content.
    #[error(
        "the data have changed since they were validated: validate again (validated {validated:?}, found {found:?})"
    )]
    ContentChanged {
        /// The content validated.
        validated: ContentHash,
        /// The content given.
        found: ContentHash,
    },
    /// Nothing to report, with rows.
    #[error(
        "it reports nothing, but the district has {rows} rows in the collection: certify them, or take them out"
    )]
    RowsExist {
        /// How many.
        rows: u64,
    },
    /// Before the window.
    #[error("the window opens on {opens}; the step was given for {on}")]
    BeforeWindow {
        /// The first day.
        opens: NaiveDate,
        /// The day given.
        on: NaiveDate,
    },
    /// After the window.
    #[error("the window closed on {closes}; the step was given for {on}: the state may extend or reopen it")]
    AfterWindow {
        /// The last day.
        closes: NaiveDate,
        /// The day given.
        on: NaiveDate,
    },
    /// A later deadline that is not later.
    #[error("an extension to {until} is not later than the deadline of {closes}")]
    NotLater {
        /// The new last day.
        until: NaiveDate,
        /// The last day so far.
        closes: NaiveDate,
    },
    /// A step given for a time before the last one.
    #[error("the step was given for {found}, before the last one at {latest}")]
    OutOfOrder {
        /// The time given.
        found: TimeGiven,
        /// The time of the last step.
        latest: TimeGiven,
    },
}
