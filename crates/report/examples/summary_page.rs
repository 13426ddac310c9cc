//! A summary page of an invented year on standard output: what every building block looks like.
//!
//! `cargo run -p opi-report --example summary_page > page.html`

use opi_report::page::{
    Bar, BarChart, Cell, Column, KeyFigure, LineChart, Page, Section, Series, Table, Tone,
};

fn main() -> Result<(), opi_report::ReportError> {
    Page::new("Montana school year 2025-26")
        .banner(Tone::Attention, "Restricted: figures on this page are not masked.")
        .lead("What the districts of an invented Montana reported, and what followed from it.")
        .fact("As of", "October 15, 2025")
        .fact("Rule set", "2025-26.1")
        .fact("Snapshot", "blake3:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9")
        .section(counts())
        .section(findings())
        .section(anb())
        .section(federal())
        .footer("Made by opi 0.1.0. Every name on this page is invented.")
        .write(&mut std::io::stdout().lock())
}

fn counts() -> Section {
    Section::new("Counts")
        .key_figures([
            KeyFigure::new("Students", "147,012").note("−311 since last year"),
            KeyFigure::new("Districts certified", "398 of 401").tone(Tone::Attention),
            KeyFigure::new("Blocking findings", "0").tone(Tone::Good),
            KeyFigure::new("Files rejected", "2").note("both of one district").tone(Tone::Bad),
        ])
        .line_chart(
            LineChart::new(
                "Students by level",
                "Elementary fell from 104,200 to 101,900 in six years; high school rose from 44,100 to 45,112.",
                ["2020-21", "2021-22", "2022-23", "2023-24", "2024-25", "2025-26"],
            )
            .series(
                Series::new("Elementary")
                    .point(104_200.0, "104,200")
                    .point(103_800.0, "103,800")
                    .point(103_100.0, "103,100")
                    .point(102_700.0, "102,700")
                    .point(102_400.0, "102,400")
                    .point(101_900.0, "101,900"),
            )
            .series(
                Series::new("High school")
                    .point(44_100.0, "44,100")
                    .point(44_300.0, "44,300")
                    .gap()
                    .point(44_900.0, "44,900")
                    .point(45_000.0, "45,000")
                    .point(45_112.0, "45,112"),
            ),
        )
}

fn findings() -> Section {
    let table = Table::new(
        "Findings by rule and district",
        [
            Column::text("Rule"),
            Column::text("What is wrong"),
            Column::text("Severity"),
            Column::number("Invented Elementary"),
            Column::number("Imaginary High School"),
            Column::number("All"),
        ],
    )
    .row([
        Cell::text("ENR-014"),
        Cell::text("exit date is before entry date"),
        Cell::status(Tone::Bad, "blocks upload"),
        Cell::count(2),
        Cell::count(0),
        Cell::count(2),
    ])
    .row([
        Cell::text("ENR-020"),
        Cell::text("grade fell since last year"),
        Cell::status(Tone::Attention, "confirm"),
        Cell::count(1_204),
        Cell::masked("<5"),
        Cell::masked("*"),
    ])
    .total([
        Cell::text("All"),
        Cell::text(""),
        Cell::text(""),
        Cell::count(1_206),
        Cell::missing("not shown, since it would uncover a hidden figure"),
        Cell::missing("not shown, since it would uncover a hidden figure"),
    ]);
    Section::new("Findings")
        .paragraph("214 rules ran over 412,000 rows in 1,604 files; 56 rules were skipped.")
        .note(Tone::Bad, "Two files of Invented Elementary could not be loaded; nothing of them is counted.")
        .table(table)
}

fn anb() -> Section {
    let rows =
        [("Invented Elementary", 1_204, 12), ("Imaginary High School", 511, -30), ("Nowhere K-12", 47, 0)];
    let mut table = Table::new(
        "ANB by district",
        [
            Column::text("District"),
            Column::number("ANB"),
            Column::number("Change"),
            Column::text("Certified"),
        ],
    )
    .note("ANB is the average number belonging.");
    let mut chart = BarChart::new(
        "Change of ANB since last year",
        "Invented Elementary grew by 12, Imaginary High School shrank by 30, Nowhere K-12 stayed.",
    );
    for (district, anb, change) in rows {
        table = table.row([
            Cell::text(district),
            Cell::count(anb),
            Cell::change(change),
            Cell::status(Tone::Good, "yes"),
        ]);
        let text = change.to_string().replace('-', "−");
        chart = chart.bar(Bar::new(district, f64::from(i32::try_from(change).unwrap_or(0)), text));
    }
    Section::new("ANB")
        .section(Section::new("Change").bar_chart(chart))
        .section(Section::new("By district").table(table))
}

fn federal() -> Section {
    let mut chart = BarChart::new(
        "Rows of federal files",
        "File 052 has the most rows, 31,400; file 002 has 8,210 and file 086 has 12.",
    );
    let mut table =
        Table::new("Federal files", [Column::text("File"), Column::number("Rows"), Column::text("Status")]);
    for (file, rows, tone, status) in [
        ("052 Membership", 31_400_u32, Tone::Good, "checked"),
        ("002 Children with disabilities (IDEA), school age", 8_210, Tone::Good, "checked"),
        ("086 Students involved with firearms", 12, Tone::Attention, "to be confirmed"),
    ] {
        let count = Cell::count(u64::from(rows));
        table = table.row([Cell::text(file), count, Cell::status(tone, status)]);
        chart = chart.bar(Bar::new(file, f64::from(rows), rows.to_string()));
    }
    Section::new("Federal files")
        .bar_chart(chart)
        .table(table)
        .note(Tone::Neutral, "Federal files carry true counts; masking is for what is published.")
}
