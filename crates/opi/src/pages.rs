//! The year as pages to read: one that may be shown to anyone, and one for those who may see rows and small counts.

use crate::certifying::Certified;
use crate::federal::FederalYear;
use crate::funding::StateFunding;
use crate::public::{Figured, NOT_REPORTED, PLACE, PlaceLevel, PublicTables};
use crate::validating::Validated;
use crate::year::{Reading, Year};
use opi_anb::{AnbHistory, DistrictFailure, Fraction};
use opi_dictionary::FiscalYear;
use opi_edfacts::Grade;
use opi_mask::Dimension;
use opi_report::grouped;
use opi_report::page::{
    Bar, BarChart, Cell, Column, KeyFigure, Page, Section, Table, Tone, findings_section,
};
use std::collections::BTreeMap;

/// What a run has, stage by stage; what is missing was not done, and the page says so.
#[derive(Default)]
pub struct Results<'a> {
    /// What reading gave.
    pub reading: Option<&'a Reading>,
    /// What the rules found.
    pub validated: Option<&'a Validated>,
    /// Where certifications stand.
    pub certified: Option<&'a Certified>,
    /// The id of the snapshot.
    pub snapshot: Option<String>,
    /// Funding, and the ANB of earlier years.
    pub funding: Option<&'a (StateFunding, AnbHistory)>,
    /// The federal files.
    pub federal: Option<&'a FederalYear>,
    /// The public tables.
    pub public: &'a [PublicTables],
    /// Stages that were not done, with the reason.
    pub not_done: Vec<(String, String)>,
}

/// The page for everyone: masked figures of the state and its districts. It names no person and shows no figure that
/// was not certified.
#[must_use]
pub fn public_page(year: &Year, results: &Results<'_>) -> Page {
    let mut page = Page::new(format!("Montana schools in {}", year.school_year()))
        .lead("Enrollment, completion and attendance. Small groups are hidden, and further figures with them, so that nothing hidden can be worked out.")
        .fact("School year", year.school_year().to_string())
        .fact("As of", year.as_of().to_string());
    if results.public.is_empty() {
        page = page.section(
            Section::new("Nothing to show")
                .note(Tone::Attention, "No table was certified for the public in this run."),
        );
    }
    for tables in results.public {
        page = page.section(publication(tables));
    }
    page.footer(
        "An asterisk stands for a figure that is hidden to protect privacy; 0 means that there is nobody.",
    )
    .footer("Every figure is in the CSV files beside this page.")
}

/// The page for the state: everything that was read, found, certified and counted.
#[must_use]
pub fn restricted_page(year: &Year, results: &Results<'_>) -> Page {
    let mut page = Page::new(format!("School year {}", year.school_year()))
        .banner(Tone::Attention, "Restricted: holds figures that are not masked.")
        .lead("What was reported, checked, certified and counted.")
        .fact("School year", year.school_year().to_string())
        .fact("As of", year.as_of().to_string());
    if let Some(snapshot) = &results.snapshot {
        page = page.fact("Snapshot", snapshot.chars().take(12).collect::<String>());
    }
    for (stage, reason) in &results.not_done {
        page = page.section(Section::new(format!("Not done: {stage}")).note(Tone::Bad, reason.as_str()));
    }
    if let Some(reading) = results.reading {
        page = page.section(uploads(reading));
    }
    if let Some(validated) = results.validated {
        page = page.section(findings_section(&validated.findings).section(by_district(validated)));
    }
    if let Some(certified) = results.certified {
        page = page.section(certification(certified));
    }
    if let Some((funding, history)) = results.funding {
        page = page.section(anb(funding, history));
    }
    if let Some(federal) = results.federal {
        page = page.section(federal_files(federal));
    }
    if !results.public.is_empty() {
        page = page.section(masking(results.public));
    }
    page
}

fn uploads(reading: &Reading) -> Section {
    let report = &reading.report;
    let mut table = Table::new(
        "What came in, by kind of file",
        [Column::text("Kind"), Column::number("Files"), Column::number("Rows"), Column::number("Not read")],
    );
    for (family, total) in &report.families {
        table = table.row([
            Cell::text(family.as_str()),
            Cell::count(total.files),
            Cell::count(total.rows),
            Cell::count(total.rows_not_read),
        ]);
    }
    let mut section = Section::new("Uploads")
        .key_figures([
            KeyFigure::new("Students", grouped(reading.students)),
            KeyFigure::new("Districts that sent files", grouped(reading.students_by_district.len() as u64)),
            KeyFigure::new("Files", grouped(report.files.len() as u64)),
            KeyFigure::new("Rows", grouped(report.rows())),
        ])
        .table(table);
    for (numbers, what) in [
        (&reading.districts_without_files, "of the directory sent no file"),
        (&reading.districts_not_in_directory, "sent files but are not in the directory"),
    ] {
        if !numbers.is_empty() {
            let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            section = section.note(Tone::Attention, format!("Districts that {what}: {}.", list.join(", ")));
        }
    }
    if !reading.later_files.is_empty() {
        let files = reading.later_files.join(", ");
        section =
            section.note(Tone::Attention, format!("Files that came in later, and were left aside: {files}."));
    }
    section
}

/// The districts with the most findings, and the rules behind them.
fn by_district(validated: &Validated) -> Section {
    type Rules<'a> = Vec<(&'a str, u64)>;
    let mut totals: BTreeMap<&str, (u64, Rules<'_>)> = BTreeMap::new();
    for rule in &validated.account.rules_run {
        for (district, count) in &rule.by_district {
            let total = totals.entry(district).or_default();
            total.0 += count;
            total.1.push((&rule.code, *count));
        }
    }
    let mut rows: Vec<_> = totals.into_iter().collect();
    rows.sort_by(|one, two| two.1.0.cmp(&one.1.0).then(one.0.cmp(two.0)));
    let districts = rows.len();
    const SHOWN: usize = 20;
    let mut table = Table::new(
        "Districts with the most findings",
        [Column::text("District"), Column::number("Findings"), Column::text("Rules")],
    );
    for (district, (count, mut rules)) in rows.into_iter().take(SHOWN) {
        rules.sort_by(|one, two| two.1.cmp(&one.1).then(one.0.cmp(two.0)));
        let named: Vec<String> =
            rules.iter().take(6).map(|(code, count)| format!("{code} {count}")).collect();
        let more = if rules.len() > named.len() { ", ..." } else { "" };
        table = table.row([
            Cell::text(district),
            Cell::count(count),
            Cell::text(format!("{}{more}", named.join(", "))),
        ]);
    }
    let section = Section::new("By district");
    match districts {
        0 => section.paragraph("No district has a finding."),
        _ if districts > SHOWN => section
            .paragraph(format!("{districts} districts have findings; these {SHOWN} have the most."))
            .table(table),
        _ => section.table(table),
    }
}

fn certification(certified: &Certified) -> Section {
    let mut table = Table::new(
        "Certification by collection",
        [
            Column::text("Collection"),
            Column::number("Districts"),
            Column::number("Certified"),
            Column::number("Blocked by findings"),
            Column::number("Differ from certified"),
        ],
    );
    let mut chart = BarChart::new(
        "Districts that certified",
        "For each collection, the share of districts that certified it.",
    );
    for (collection, (done, of)) in certified.by_collection() {
        let own =
            || certified.certifications.iter().filter(|one| one.certification.collection() == collection);
        let blocked =
            own().filter(|one| !one.certification.state().is_certified() && one.blocking > 0).count();
        let differ = own().filter(|one| one.differs.is_yes()).count();
        table = table.row([
            Cell::text(collection),
            Cell::count(of),
            Cell::count(done),
            Cell::count(blocked as u64),
            Cell::count(differ as u64),
        ]);
        chart = chart.bar(Bar::new(collection, done as f64, format!("{} of {}", grouped(done), grouped(of))));
    }
    let mut section = Section::new("Certification").table(table);
    if certified.certifications.iter().any(|one| one.certification.state().is_certified()) {
        section = section.bar_chart(chart);
    }
    let changed: Vec<String> = certified
        .certifications
        .iter()
        .filter(|one| one.differs.is_yes())
        .map(|one| format!("{} ({})", one.certification.district(), one.certification.collection()))
        .collect();
    if !changed.is_empty() {
        section = section
            .note(Tone::Attention, format!("Data differ from what was certified: {}.", changed.join(", ")));
    }
    section
}

/// ANB by budget unit with the change against the year before, the largest changes, and what was not computed.
fn anb(funding: &StateFunding, history: &AnbHistory) -> Section {
    let files = &funding.files;
    let Some(first) = files.anb.first() else {
        return Section::new("Average number belonging").paragraph("No ANB could be computed.");
    };
    let before = first.fiscal_year.end_year().checked_sub(1).and_then(|year| FiscalYear::ending(year).ok());
    let mut table = Table::new(
        format!("ANB by budget unit, {}", first.fiscal_year),
        [
            Column::text("Unit"),
            Column::text("District"),
            Column::text("Program"),
            Column::number("ANB"),
            Column::number("Change"),
            Column::number("Three-year average"),
            Column::number("Budgeted"),
            Column::text("Standing"),
        ],
    );
    let mut changes: Vec<(&str, i64)> = Vec::new();
    for row in &files.anb {
        let known = before.and_then(|year| history.anb(year, &row.unit));
        let change = known.and_then(|known| Some(whole(row.anb_current)? - i64::from(known)));
        changes.extend(change.filter(|change| *change != 0).map(|change| (row.unit.as_str(), change)));
        table = table.row([
            Cell::text(row.unit.as_str()),
            Cell::text(row.district.to_string()),
            Cell::text(row.program.word()),
            Cell::text(row.anb_current.to_string()),
            change.map_or_else(|| Cell::missing("not known of the year before"), Cell::change),
            row.anb_three_year.map_or_else(|| Cell::missing("not open"), |anb| Cell::text(anb.to_string())),
            Cell::text(row.anb_budgeted.to_string()),
            Cell::text(row.standing.to_string()),
        ]);
    }
    let total = files.anb.iter().try_fold(Fraction::ZERO, |sum, row| sum.plus(row.anb_budgeted));
    let total = total.map_or_else(
        |_| "too large".to_owned(),
        |total| match whole(total) {
            Some(total) => grouped(total.unsigned_abs()),
            None => total.to_string(),
        },
    );
    let mut section = Section::new("Average number belonging and budgets").key_figures([
        KeyFigure::new("ANB budgeted", total).note(first.fiscal_year.to_string()),
        KeyFigure::new("Budget units", grouped(files.anb.len() as u64)),
        KeyFigure::new("Legal entities", grouped(files.results.districts.len() as u64)),
    ]);
    section = not_computed(section, &files.results.failures);
    changes.sort_by(|one, two| two.1.abs().cmp(&one.1.abs()).then(one.0.cmp(two.0)));
    if !changes.is_empty() {
        let mut chart = BarChart::new(
            "The largest changes of ANB",
            "Bars to the right for units that grew, to the left for units that shrank; the table below has every unit.",
        );
        for (unit, change) in changes.into_iter().take(15) {
            let sign = if change > 0 { "+" } else { "\u{2212}" };
            let text = format!("{sign}{}", grouped(change.unsigned_abs()));
            chart = chart.bar(Bar::new(unit, change as f64, text));
        }
        section = section.bar_chart(chart);
    }
    section = section.table(table);
    let mut notes: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for note in &funding.notes {
        let total = notes.entry(note.text).or_default();
        total.0 += 1;
        total.1 += note.number;
    }
    if !notes.is_empty() {
        let columns = [Column::text("Note"), Column::number("Districts and counts"), Column::number("Cases")];
        let mut table = Table::new("What the figures rest on", columns);
        for (text, (places, number)) in notes {
            table = table.row([Cell::text(text), Cell::count(places), Cell::count(number)]);
        }
        section = section.table(table);
    }
    section
}

/// A fraction that is whole, as it is for ANB unless a choice of rounding leaves a part.
/// Who has no result, and why.
fn not_computed(section: Section, failures: &[DistrictFailure]) -> Section {
    if failures.is_empty() {
        return section;
    }
    let columns = [Column::text("District"), Column::text("Legal entity"), Column::text("Why")];
    let mut table = Table::new("Not computed", columns);
    for failure in failures {
        let entity = failure.legal_entity.map_or_else(String::new, |entity| entity.to_string());
        let cells = [failure.district.to_string(), entity, failure.problem.clone()];
        table = table.row(cells.map(Cell::text));
    }
    let note = format!("Districts or legal entities without a result: {}.", grouped(failures.len() as u64));
    section.note(Tone::Bad, note).table(table)
}

fn whole(anb: Fraction) -> Option<i64> {
    i64::try_from(anb.numerator()).ok().filter(|_| anb.is_whole())
}

/// The federal files: what was written, what the checker found, and what is missing for the rest.
fn federal_files(federal: &FederalYear) -> Section {
    let mut table = Table::new(
        "Files written",
        [
            Column::text("File"),
            Column::text("Level"),
            Column::text("Name"),
            Column::number("Records"),
            Column::text("Status"),
            Column::text("What no document confirms"),
        ],
    );
    for (file, told) in federal.files.iter().zip(&federal.manifest.files) {
        let found: u64 = told.findings.values().sum();
        let status = match found {
            0 => Cell::status(Tone::Good, "no findings"),
            1 => Cell::status(Tone::Attention, "1 finding"),
            found => Cell::status(Tone::Attention, format!("{} findings", grouped(found))),
        };
        let marks = match told.marks.as_slice() {
            [] => Cell::missing("nothing"),
            marks => Cell::text(marks.join(", ")),
        };
        table = table.row([
            Cell::text(file.file.to_string()),
            Cell::text(file.level.to_string()),
            Cell::text(file.name.as_str()),
            Cell::count(file.records),
            status,
            marks,
        ]);
    }
    let mut missing = Table::new(
        "Files not written",
        [Column::text("File"), Column::text("Title"), Column::text("What is missing")],
    );
    for file in &federal.not_produced {
        missing = missing.row([file.file.to_string(), file.title.clone(), file.missing.clone()]);
    }
    let mut section = Section::new("Federal files")
        .key_figures([
            KeyFigure::new("Files written", grouped(federal.files.len() as u64)),
            KeyFigure::new("Findings", grouped(federal.check.findings.len() as u64)),
            KeyFigure::new("Kinds not written", grouped(federal.not_produced.len() as u64)),
        ])
        .table(table);
    if !federal.not_produced.is_empty() {
        section = section.table(missing);
    }
    section
}

/// One publication for everyone: the state's figures by each dimension, and the districts'.
fn publication(tables: &PublicTables) -> Section {
    let definition = tables.definition;
    let publication = tables.certified.publication();
    let dimensions = publication.dimensions();
    let mut section = Section::new(definition.title)
        .paragraph(definition.population)
        .key_figures([KeyFigure::new("Students in the state", figure_text(tables, &tables.codes(&[])))]);
    for name in definition.dimensions {
        let Some(dimension) = dimensions.iter().find(|dimension| dimension.name() == *name) else { continue };
        let leaves = leaves_in_order(dimension);
        let word = words(name);
        let mut table = Table::new(
            format!("{} by {word}, state", definition.title),
            [Column::text(first_large(&word)), Column::number("Students"), Column::text("Share")],
        );
        let mut chart = BarChart::new(
            format!("{} by {word}, state", definition.title),
            "Bars of the figures in the table below; a figure that is hidden has none.",
        );
        for leaf in &leaves {
            let codes = tables.codes(&[(name, leaf)]);
            let share = tables.share(dimensions.first().map_or("", |place| place.code(0)), name, leaf, 1);
            let share = share.map_or_else(|_| "N/A".to_owned(), |share| share.to_string());
            table = table.row([Cell::text(*leaf), figure_cell(tables, &codes), Cell::text(share)]);
            if let Some(count) = shown(tables, &codes) {
                chart = chart.bar(Bar::new(*leaf, count as f64, grouped(count)));
            }
        }
        if leaves.len() > 2 {
            section = section.bar_chart(chart);
        }
        section = section.table(table);
    }
    let first = definition.tables.first().copied().unwrap_or_default();
    let deep = tables.chosen.first().is_some_and(|table| table.level >= PlaceLevel::District);
    if let (Some(places), true) = (dimensions.iter().find(|dimension| dimension.name() == PLACE), deep) {
        section = section.section(districts(tables, places, first.first().copied()));
    }
    section
}

/// A table of districts: the figure of each, by the first dimension of the publication where its first table has one.
fn districts(tables: &PublicTables, places: &Dimension, across: Option<&str>) -> Section {
    let dimensions = tables.certified.publication().dimensions();
    let across = across.and_then(|name| dimensions.iter().find(|dimension| dimension.name() == name));
    let codes = across.map_or_else(Vec::new, leaves_in_order);
    let heads = codes.iter().map(|code| Column::number(*code));
    let columns = std::iter::once(Column::text("District")).chain(heads).chain([Column::number("Students")]);
    let mut table = Table::new(format!("{}, districts", tables.definition.title), columns);
    for district in places.children(0) {
        let place = places.code(*district);
        let mut row = vec![Cell::text(place)];
        for code in &codes {
            row.push(figure_cell(
                tables,
                &tables.codes(&[(PLACE, place), (across.map_or("", Dimension::name), code)]),
            ));
        }
        row.push(figure_cell(tables, &tables.codes(&[(PLACE, place)])));
        table = table.row(row);
    }
    Section::new(format!("{} by district", tables.definition.title)).table(table)
}

/// The innermost codes of a dimension as people read them: grades from the lowest, what is not reported last.
fn leaves_in_order(dimension: &Dimension) -> Vec<&str> {
    let mut leaves: Vec<&str> = dimension.leaves().map(|leaf| dimension.code(leaf)).collect();
    let rank = |code: &str| match code {
        NOT_REPORTED => usize::MAX,
        code => Grade::all().position(|grade| grade.code() == code).unwrap_or(0),
    };
    leaves.sort_by_key(|code| (rank(code), *code));
    leaves
}

/// What the masking of each publication withholds, for the agency.
fn masking(publications: &[PublicTables]) -> Section {
    let mut section = Section::new("Public tables and their masking")
        .paragraph("Cells are those that hold students, where zeros are known; further hidden cells protect the small ones.");
    for tables in publications {
        let mut table = Table::new(
            format!("{}: tables and levels", tables.definition.title),
            [
                Column::text("Table"),
                Column::text("Level"),
                Column::number("Cells"),
                Column::number("Small"),
                Column::number("Further hidden"),
                Column::number("Shown, of 1,000 cells"),
            ],
        );
        for (chosen, (name, part)) in tables.chosen.iter().zip(&tables.utility.by_table) {
            let level = match chosen.level {
                PlaceLevel::State => "state",
                PlaceLevel::District => "district",
                PlaceLevel::School => "school",
            };
            let hidden = part.primary + part.secondary;
            table = table.row([
                Cell::text(name.as_str()),
                Cell::text(level),
                Cell::count(part.cells),
                Cell::count(part.primary),
                Cell::count(part.secondary),
                Cell::count(1000 * part.cells.saturating_sub(hidden) / part.cells.max(1)),
            ]);
        }
        let bound = tables.utility.lower_bound;
        let note = match (tables.utility.optimal, bound) {
            (true, _) => "No safe pattern hides less.".to_owned(),
            (false, Some(bound)) => format!(
                "Cost of the further hidden cells: {}; every safe pattern costs at least {}.",
                grouped(tables.utility.cost),
                grouped(bound)
            ),
            (false, None) => String::new(),
        };
        section = section.table(if note.is_empty() { table } else { table.note(note) });
    }
    section
}

/// A figure as it may be shown: `None` where it is hidden or no table has it.
fn shown(tables: &PublicTables, codes: &[String]) -> Option<u64> {
    match tables.cell(codes).ok()? {
        Figured::Cell(cell) if tables.certified.is_hidden(cell) => None,
        Figured::Cell(cell) => Some(tables.certified.publication().value(cell)),
        Figured::Zero => Some(0),
        Figured::NotShown => None,
    }
}

fn figure_cell(tables: &PublicTables, codes: &[String]) -> Cell {
    match shown(tables, codes) {
        Some(count) => Cell::count(count),
        None if tables.cell(codes).is_ok_and(|figured| figured == Figured::NotShown) => {
            Cell::text("not shown")
        }
        None => Cell::masked("*"),
    }
}

fn figure_text(tables: &PublicTables, codes: &[String]) -> String {
    shown(tables, codes).map_or_else(|| "*".to_owned(), grouped)
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn first_large(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
