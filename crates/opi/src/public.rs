//! Public tables: what is counted, at which places the planner lets it be shown, and the masked result.
//!
//! Every publication is one system of linked tables, masked as a whole: a figure that is hidden in one table cannot
//! be worked out from the others of its publication.

use chrono::NaiveDate;
use opi_dictionary::SchoolYear;
use opi_edfacts::{
    Days, Departure, DepartureKind, Enrollment, Grade, LeaIndex, RaceQuestion, SchoolIndex, Sex, Span,
    StatusKind, StudentKey, StudentRows, StudentSource, Units, federal7,
};
use opi_mask::plan::{Candidate, evaluate};
use opi_mask::utility::{Utility, utility};
use opi_mask::{CellId, Certified, Dimension, Error, Publication, Result, Rule, Value, mask};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How public tables are masked.
#[derive(Clone, Debug)]
pub struct Masking {
    /// What is sensitive, how zeros are treated, how far cells are protected.
    pub rule: Rule,
    /// The share of students, in thousandths, that the innermost cells of a table must still show for the table to
    /// go down to a place; else it stops one level higher.
    pub shown_per_mille: u64,
}

impl Masking {
    /// The share that holds where the caller names none. It is our own choice.
    pub const SHOWN_PER_MILLE: u64 = 900;

    /// By a rule, with the share that holds by default.
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        Masking { rule, shown_per_mille: Self::SHOWN_PER_MILLE }
    }
}

/// How deep a table goes by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlaceLevel {
    /// The state alone.
    State,
    /// State and districts.
    District,
    /// State, districts and schools.
    School,
}

impl PlaceLevel {
    const DEEPEST_FIRST: [PlaceLevel; 3] = [PlaceLevel::School, PlaceLevel::District, PlaceLevel::State];

    fn depth(self) -> u32 {
        match self {
            PlaceLevel::State => 0,
            PlaceLevel::District => 1,
            PlaceLevel::School => 2,
        }
    }
}

/// What is published and of whom: its students, the dimensions that they have, and how these are crossed.
pub struct PublicDefinition {
    /// Its name, as in file names and figures.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Who is counted, and where.
    pub population: &'static str,
    /// Dimensions beside the place.
    pub dimensions: &'static [&'static str],
    /// Which of them are crossed with each other in a table; each table is also crossed with the place.
    pub tables: &'static [&'static [&'static str]],
    student: fn(&Context<'_>, &StudentRows) -> Option<Codes>,
}

/// The place of a student and the codes of the other dimensions.
type Codes = (String, Vec<Cow<'static, str>>);

/// The days that public tables count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicDays {
    /// The school year.
    pub school_year: SchoolYear,
    /// The fall count date, on which enrollment is counted.
    pub count_date: NaiveDate,
    /// The day that stands for today: what comes after it is not yet there.
    pub as_of: NaiveDate,
}

/// What the counting of public tables needs besides the students.
struct Context<'a> {
    units: &'a Units,
    days: PublicDays,
}

/// The publications, in order.
pub const PUBLICATIONS: &[PublicDefinition] = &[
    PublicDefinition {
        name: "enrollment",
        title: "Enrollment",
        population: "Students with a primary enrollment on the fall count date, each once, where the enrollment is \
            that began last.",
        dimensions: &[
            "grade",
            "race",
            "sex",
            "special_education",
            "english_learner",
            "economically_disadvantaged",
            "homeless",
        ],
        tables: &[
            &[],
            &["grade"],
            &["race"],
            &["sex"],
            &["special_education"],
            &["english_learner"],
            &["economically_disadvantaged"],
            &["homeless"],
            &["grade", "sex"],
            &["race", "sex"],
        ],
        student: enrolled,
    },
    PublicDefinition {
        name: "completion",
        title: "Graduates and dropouts",
        population: "Students who completed or dropped out in the school year, each once, by the last such event.",
        dimensions: &["outcome", "race", "sex"],
        tables: &[&["outcome"], &["outcome", "sex"], &["outcome", "race"]],
        student: departed,
    },
    PublicDefinition {
        name: "attendance",
        title: "Chronic absence",
        population: "Students enrolled for ten days or more over all their primary enrollments, each once, in the school \
            of the last; chronically absent are those absent a tenth of the days enrolled or more.",
        dimensions: &["attendance", "grade_band", "race", "sex"],
        tables: &[
            &["attendance"],
            &["attendance", "grade_band"],
            &["attendance", "race"],
            &["attendance", "sex"],
        ],
        student: attended,
    },
];

/// A publication, masked and certified.
pub struct PublicTables {
    /// What it is.
    pub definition: &'static PublicDefinition,
    /// How many students it counts.
    pub students: u64,
    /// For each table of the definition: how deep it goes, and what the planner saw at each level it tried.
    pub chosen: Vec<ChosenTable>,
    /// The figures with what is hidden. Only this can be written as a public file.
    pub certified: Certified,
    /// What the masking withholds.
    pub utility: Utility,
}

/// A table with the level that the planner chose.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ChosenTable {
    /// The dimensions crossed beside the place.
    pub dimensions: Vec<String>,
    /// How deep it goes.
    pub level: PlaceLevel,
    /// What the planner saw at the levels that it masked, deepest first; the last is the one chosen. A level at which
    /// small counts alone hide too much is not masked at all.
    pub seen: Vec<Candidate>,
}

/// Counts publications in one pass over the students, lets the planner choose how deep each table goes, masks all
/// tables of a publication as one system and certifies the result. `progress` is told what comes next and answers
/// whether to go on. A publication that counts nobody is left out: nothing is known of its students yet, as before the
/// count date.
///
/// # Errors
/// When the students cannot be read, the rule does not fit, or a result cannot be certified: then nothing can be
/// published.
pub fn public_tables(
    definitions: &'static [PublicDefinition],
    students: &dyn StudentSource,
    days: PublicDays,
    masking: &Masking,
    mut progress: impl FnMut(&str) -> bool,
) -> std::result::Result<Vec<PublicTables>, PublicError> {
    let context = Context { units: students.units(), days };
    let mut counts: Vec<BTreeMap<Codes, u64>> = definitions.iter().map(|_| BTreeMap::new()).collect();
    students.each_student(&mut |student| {
        for (definition, counts) in definitions.iter().zip(&mut counts) {
            if let Some(codes) = (definition.student)(&context, student) {
                *counts.entry(codes).or_default() += 1;
            }
        }
        Ok(())
    })?;
    let mut public = Vec::with_capacity(definitions.len());
    for (definition, counts) in definitions.iter().zip(&counts).filter(|(_, counts)| !counts.is_empty()) {
        public.push(masked(definition, counts, masking, &mut progress)?);
    }
    Ok(public)
}

/// What stopped public tables.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublicError {
    /// The students could not be read.
    #[error(transparent)]
    Students(#[from] opi_edfacts::EdfactsError),
    /// The caller asked to stop.
    #[error("stopped on request")]
    Stopped,
    /// A table could not be masked: nothing of it can be published.
    #[error(transparent)]
    Masking(#[from] Error),
}

fn masked(
    definition: &'static PublicDefinition,
    counts: &BTreeMap<Codes, u64>,
    masking: &Masking,
    progress: &mut dyn FnMut(&str) -> bool,
) -> std::result::Result<PublicTables, PublicError> {
    let mut tell = |what: &str| match progress(&format!("{}: {what}", definition.name)) {
        true => Ok(()),
        false => Err(PublicError::Stopped),
    };
    let dimensions = dimensions(definition, counts.keys())?;
    let mut leaves: Vec<(Vec<u32>, u64)> = Vec::with_capacity(counts.len());
    for ((place, codes), count) in counts {
        let codes = std::iter::once(place.as_str()).chain(codes.iter().map(AsRef::as_ref));
        let at = dimensions.iter().zip(codes).map(|(dimension, code)| dimension.find(code));
        leaves.push((at.collect::<Result<_>>()?, *count));
    }
    let mut builder = Publication::builder(dimensions.clone()).zeros_known(masking.rule.zeros.known());
    let mut chosen = Vec::new();
    for crossed in definition.tables {
        tell(&table_name(crossed))?;
        let table = choose(&dimensions, &leaves, crossed, masking)?;
        let place = (PLACE, Some(table.level.depth()));
        let axes: Vec<(&str, Option<u32>)> =
            std::iter::once(place).chain(crossed.iter().map(|name| (*name, None))).collect();
        builder = builder.table(&table_name(crossed), &axes)?;
        chosen.push(table);
    }
    let students = leaves.iter().map(|(_, count)| count).sum();
    for (at, count) in leaves {
        builder.count_at(at, count)?;
    }
    tell("all tables as one system")?;
    let certified = mask(builder.build()?, &masking.rule)?;
    let utility = utility(&certified);
    Ok(PublicTables { definition, students, chosen, certified, utility })
}

/// The students behind one figure of a publication: the declaration is run again, and those whose codes lie at or below
/// the codes given are kept. Their keys are personal.
///
/// # Errors
/// When the students cannot be read, a code does not exist, or there are too many or too few.
pub fn behind_public(
    tables: &PublicTables,
    students: &dyn StudentSource,
    days: PublicDays,
    codes: &[String],
) -> std::result::Result<Vec<StudentKey>, PublicError> {
    let context = Context { units: students.units(), days };
    let dimensions = tables.certified.publication().dimensions();
    if codes.len() != dimensions.len() {
        let (expected, found) = (dimensions.len(), codes.len());
        return Err(Error::WrongArity { expected, found, cell: codes.join("|") }.into());
    }
    let wanted: Vec<u32> =
        dimensions.iter().zip(codes).map(|(dimension, code)| dimension.find(code)).collect::<Result<_>>()?;
    let below = |dimension: &Dimension, code: &str, wanted: u32| {
        let mut at = dimension.find(code).ok();
        while let Some(id) = at.filter(|id| *id != wanted) {
            at = dimension.parent(id);
        }
        at.is_some()
    };
    let mut behind = Vec::new();
    students.each_student(&mut |student| {
        if let Some((place, others)) = (tables.definition.student)(&context, student) {
            let codes = std::iter::once(place.as_str()).chain(others.iter().map(AsRef::as_ref));
            let mut all = codes.zip(dimensions).zip(&wanted);
            if all.all(|((code, dimension), wanted)| below(dimension, code, *wanted)) {
                behind.push(student.id.clone());
            }
        }
        Ok(())
    })?;
    Ok(behind)
}

/// Where a figure stands in the tables of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figured {
    /// In this cell, shown or hidden.
    Cell(CellId),
    /// A table that shows it has no cell of it: everyone knows that it is zero.
    Zero,
    /// No table shows it.
    NotShown,
}

impl PublicTables {
    /// The share of one code of a dimension at a place, as it may be printed: the cell over the place's total.
    ///
    /// # Errors
    /// When the codes do not exist in the publication.
    pub fn share(&self, place: &str, dimension: &str, code: &str, decimals: u32) -> Result<Value> {
        let root = self.root(dimension);
        let of = self.cell(&self.codes(&[(PLACE, place), (dimension, code)]))?;
        let base = self.cell(&self.codes(&[(PLACE, place), (dimension, root)]))?;
        match (of, base) {
            (Figured::Cell(of), Figured::Cell(base)) => Ok(self.certified.percent(of, base, decimals)),
            (Figured::Zero, Figured::Cell(base)) if !self.certified.is_hidden(base) => {
                let decimals = decimals as usize;
                Ok(Value::Percent(format!("{:.decimals$}%", 0.0)))
            }
            _ => Ok(Value::Absent("N/A".to_owned())),
        }
    }

    /// The codes of a figure: those given by name of their dimension, and the total of every other one.
    #[must_use]
    pub fn codes(&self, given: &[(&str, &str)]) -> Vec<String> {
        let dimensions = self.certified.publication().dimensions().iter();
        let code = |dimension: &Dimension| {
            let given = given.iter().find(|(name, _)| *name == dimension.name());
            given.map_or_else(|| dimension.code(0), |(_, code)| *code).to_owned()
        };
        dimensions.map(code).collect()
    }

    fn root(&self, name: &str) -> &str {
        let mut dimensions = self.certified.publication().dimensions().iter();
        dimensions.find(|dimension| dimension.name() == name).map_or("", |dimension| dimension.code(0))
    }

    /// Where the figure of these codes stands, in the order of the dimensions.
    ///
    /// # Errors
    /// When a code does not exist.
    pub fn cell(&self, codes: &[String]) -> Result<Figured> {
        match self.certified.publication().find(codes) {
            Ok(Some(cell)) => Ok(Figured::Cell(cell)),
            Ok(None) => Ok(Figured::Zero),
            Err(Error::UnknownCell { .. }) => Ok(Figured::NotShown),
            Err(error) => Err(error),
        }
    }
}

/// The name of the dimension of places.
pub const PLACE: &str = "place";
/// The code of all places together.
pub const STATE: &str = "Montana";
const TOTAL: &str = "All";
/// The code of what a record does not say.
pub const NOT_REPORTED: &str = "Not reported";

fn table_name(crossed: &[&str]) -> String {
    std::iter::once(PLACE).chain(crossed.iter().copied()).collect::<Vec<_>>().join(" x ")
}

/// The deepest level at which a table shows enough, else the state.
fn choose(
    dimensions: &[Dimension],
    all: &[(Vec<u32>, u64)],
    crossed: &[&str],
    masking: &Masking,
) -> Result<ChosenTable> {
    let own: Vec<usize> = (0..dimensions.len())
        .filter(|at| dimensions.get(*at).is_some_and(|d| d.name() == PLACE || crossed.contains(&d.name())))
        .collect();
    let parts: Vec<Dimension> = own.iter().filter_map(|at| dimensions.get(*at)).cloned().collect();
    let mut leaves: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
    for (codes, count) in all {
        let codes = own.iter().filter_map(|at| codes.get(*at)).copied().collect();
        *leaves.entry(codes).or_default() += count;
    }
    let leaves: Vec<(Vec<u32>, u64)> = leaves.into_iter().collect();
    let mut seen = Vec::new();
    let dimensions: Vec<String> = crossed.iter().map(|name| (*name).to_owned()).collect();
    for level in PlaceLevel::DEEPEST_FIRST {
        let depths: Vec<u32> =
            parts.iter().map(|d| if d.name() == PLACE { level.depth() } else { d.max_depth() }).collect();
        // Masking can only hide more: where small counts alone hide too much, there is no need to look further.
        if level != PlaceLevel::State
            && not_small(&parts, &leaves, masking, &depths) < masking.shown_per_mille
        {
            continue;
        }
        let candidate = evaluate(&parts, &leaves, &masking.rule, &depths)?;
        let enough = candidate.problem.is_none() && candidate.students_per_mille >= masking.shown_per_mille;
        seen.push(candidate);
        if enough || level == PlaceLevel::State {
            return Ok(ChosenTable { dimensions, level, seen });
        }
    }
    Ok(ChosenTable { dimensions, level: PlaceLevel::State, seen })
}

/// The share of students, in thousandths, in innermost cells that are not small.
fn not_small(dimensions: &[Dimension], leaves: &[(Vec<u32>, u64)], masking: &Masking, depths: &[u32]) -> u64 {
    let mut cells: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
    for (at, count) in leaves {
        let above = |((code, dimension), depth): ((&u32, &Dimension), &u32)| {
            let mut code = *code;
            while dimension.depth(code) > *depth
                && let Some(parent) = dimension.parent(code)
            {
                code = parent;
            }
            code
        };
        let cell = at.iter().zip(dimensions).zip(depths).map(above).collect();
        *cells.entry(cell).or_default() += count;
    }
    let all: u64 = cells.values().sum();
    let large: u64 = cells.values().filter(|count| !masking.rule.is_sensitive(**count)).sum();
    1000 * large / all.max(1)
}

/// The dimensions of a publication, with the codes that its students have.
fn dimensions<'c>(
    definition: &PublicDefinition,
    rows: impl Iterator<Item = &'c Codes> + Clone,
) -> Result<Vec<Dimension>> {
    let places: std::collections::BTreeSet<&str> = rows.clone().map(|(place, _)| place.as_str()).collect();
    let mut edges: Vec<(String, String)> = Vec::new();
    let mut districts = std::collections::BTreeSet::new();
    for place in places {
        let district = place.split('-').next().unwrap_or(place);
        if districts.insert(district) {
            edges.push((district.to_owned(), STATE.to_owned()));
        }
        edges.push((place.to_owned(), district.to_owned()));
    }
    let mut all = vec![Dimension::from_edges(PLACE, STATE, edges)?];
    for (at, name) in definition.dimensions.iter().enumerate() {
        let codes: std::collections::BTreeSet<&str> =
            rows.clone().filter_map(|(_, codes)| codes.get(at)).map(AsRef::as_ref).collect();
        let edges: Vec<(String, String)> = match *name {
            "grade" => {
                let bands: std::collections::BTreeSet<&str> = codes.iter().map(|code| band(code)).collect();
                let bands = bands.into_iter().map(|band| (band.to_owned(), TOTAL.to_owned()));
                bands.chain(codes.iter().map(|code| ((*code).to_owned(), band(code).to_owned()))).collect()
            }
            _ => codes.iter().map(|code| ((*code).to_owned(), TOTAL.to_owned())).collect(),
        };
        all.push(Dimension::from_edges(name, TOTAL, edges)?);
    }
    Ok(all)
}

/// The band of a grade, as school sizes are told.
fn band(grade: &str) -> &'static str {
    match grade {
        "PK" | "KG" | "01" | "02" | "03" | "04" | "05" => "Grades PK-5",
        "06" | "07" | "08" => "Grades 6-8",
        "09" | "10" | "11" | "12" => "Grades 9-12",
        _ => "Other grades",
    }
}

fn enrolled(context: &Context<'_>, student: &StudentRows) -> Option<Codes> {
    let day = context.days.count_date;
    if day > context.days.as_of {
        return None;
    }
    let here =
        student.enrollments.iter().filter(|enrollment| enrollment.primary && enrollment.span.contains(day));
    let enrollment = here.max_by(|one, two| began(one).cmp(&began(two)))?;
    let yes = |is: fn(&StatusKind) -> bool| {
        let held = student.statuses.iter().any(|status| {
            status.span.contains(day)
                && status.lea.is_none_or(|lea| lea == enrollment.lea)
                && is(&status.kind)
        });
        Cow::Borrowed(if held { "Yes" } else { "No" })
    };
    let codes = vec![
        grade(enrollment.grade),
        race(student),
        sex(student),
        yes(|kind| matches!(kind, StatusKind::Idea { .. })),
        yes(|kind| matches!(kind, StatusKind::EnglishLearner { .. })),
        yes(|kind| matches!(kind, StatusKind::EconomicallyDisadvantaged)),
        yes(|kind| matches!(kind, StatusKind::Homeless { .. })),
    ];
    Some((place(context.units, enrollment.lea, enrollment.school), codes))
}

fn departed(context: &Context<'_>, student: &StudentRows) -> Option<Codes> {
    let own = student.departures.iter().filter(|departure| context.days.school_year.contains(departure.date));
    let last: &Departure = own.max_by(|one, two| one.date.cmp(&two.date).then(two.lea.cmp(&one.lea)))?;
    let outcome = match last.kind {
        DepartureKind::Dropout => "Dropped out",
        DepartureKind::RegularDiploma => "Regular diploma",
        _ => "Other completion",
    };
    Some((place(context.units, last.lea, last.school), vec![outcome.into(), race(student), sex(student)]))
}

fn attended(context: &Context<'_>, student: &StudentRows) -> Option<Codes> {
    let year = Span {
        first: Some(context.days.school_year.first_day()),
        last: Some(context.days.school_year.last_day()),
    };
    let own: Vec<&Enrollment> = student
        .enrollments
        .iter()
        .filter(|enrollment| enrollment.primary && enrollment.span.overlap(year).is_some())
        .collect();
    let days = |of: fn(&Enrollment) -> Option<Days>| -> i128 {
        own.iter().filter_map(|enrollment| of(enrollment)).fold(0, |sum, days| days.0.saturating_add(sum))
    };
    let (days_enrolled, absent) = (days(|e| e.days_enrolled), days(|e| e.days_absent));
    if days_enrolled < Days::ONE.saturating_mul(10) {
        return None;
    }
    let last = own.iter().max_by(|one, two| began(one).cmp(&began(two)))?;
    let chronic = absent.saturating_mul(10) >= days_enrolled;
    let attendance = if chronic { "Chronically absent" } else { "Not chronically absent" };
    let grades = Cow::Borrowed(band(&grade(last.grade)));
    let codes = vec![attendance.into(), grades, race(student), sex(student)];
    Some((place(context.units, last.lea, last.school), codes))
}

/// The order of enrollments: later entry first, then lower identifiers, as the federal files have it.
fn began(enrollment: &Enrollment) -> impl Ord + use<> {
    (
        enrollment.span.first,
        std::cmp::Reverse(enrollment.school),
        std::cmp::Reverse(enrollment.lea),
        std::cmp::Reverse(enrollment.row),
    )
}

/// The code of a place: `0123-4567` for a school, `0123-0000` for an enrollment in the district alone.
fn place(units: &Units, lea: LeaIndex, school: Option<SchoolIndex>) -> String {
    let district = units.district(lea).map_or("", |unit| unit.lea.as_str());
    let school = school.and_then(|school| units.school_of(school)).and_then(|unit| unit.school.as_deref());
    format!("{district}-{}", school.unwrap_or("0000"))
}

fn grade(grade: Option<Grade>) -> Cow<'static, str> {
    Cow::Borrowed(grade.map_or(NOT_REPORTED, Grade::code))
}

fn sex(student: &StudentRows) -> Cow<'static, str> {
    Cow::Borrowed(match student.sex {
        Some(Sex::Female) => "Female",
        Some(Sex::Male) => "Male",
        _ => NOT_REPORTED,
    })
}

fn race(student: &StudentRows) -> Cow<'static, str> {
    Cow::Borrowed(match federal7(RaceQuestion::TwoPart2007, student.hispanic, student.races) {
        "AM7" => "American Indian or Alaska Native",
        "AS7" => "Asian",
        "BL7" => "Black or African American",
        "HI7" => "Hispanic or Latino",
        "MU7" => "Two or more races",
        "PI7" => "Native Hawaiian or Pacific Islander",
        "WH7" => "White",
        _ => NOT_REPORTED,
    })
}
