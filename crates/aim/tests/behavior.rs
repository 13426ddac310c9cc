//! Behavior XML: the same rows out of whatever shape the elements have, and nothing dropped in silence.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

use opi_aim::{BehaviorReader, BehaviorWriter, ReadOptions};
use opi_dictionary::records::BehaviorEvent;
use opi_dictionary::{Dictionary, Record};
use proptest::prelude::*;

fn read(xml: &[u8]) -> (Vec<Vec<String>>, Vec<String>) {
    let mut reader =
        BehaviorReader::new(xml, Dictionary::built_in(), ReadOptions::new().max_line(10_000)).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        rows.push(row.fields().map(str::to_owned).collect());
    }
    let findings = reader.log().findings("b.xml", Some(reader.layout()));
    (
        rows,
        findings
            .iter()
            .map(|finding| format!("{}: {} {}", finding.position, finding.code, finding.message))
            .collect(),
    )
}

const FLAT: &str = "<B><E><DistrictNumber>9901</DistrictNumber><SchoolNumber>9912</SchoolNumber><IncidentID>7</IncidentID>\
    <IncidentDate>10/02/2025</IncidentDate><StateEventCode>AX</StateEventCode><StudentStateID>990000101</StudentStateID>\
    <Role>Offender</Role></E></B>";
const NESTED: &str = "<?xml version=\"1.0\"?>\n<Behavior>\n <Incident DistrictNumber=\"9901\" SchoolNumber=\"9912\" \
    IncidentID=\"7\" IncidentDate=\"10/02/2025\">\n  <Event StateEventCode=\"AX\">\n   <Participant>\
    <StudentStateID>990000101</StudentStateID><Role>Offender</Role></Participant>\n  </Event>\n </Incident>\n</Behavior>\n";

#[test]
fn flat_and_nested_files_give_the_same_row() {
    let wanted = ["9901", "9912", "7", "10/02/2025", "AX", "990000101", "Offender", "", "", ""];
    for xml in [FLAT, NESTED] {
        let (rows, findings) = read(xml.as_bytes());
        assert_eq!(rows, [wanted], "{xml}");
        assert_eq!(findings, Vec::<String>::new());
    }
}

#[test]
fn what_is_odd_is_said() {
    let said = |name: &str, xml: &str| {
        let (rows, findings) = read(xml.as_bytes());
        format!("{name}: {} rows\n  {}\n", rows.len(), findings.join("\n  "))
    };
    let all = [
        said("empty", ""),
        said("no row", "<Behavior></Behavior>"),
        said("cut off", FLAT.get(..90).unwrap()),
        said("not closed as opened", "<A><B>1</A>"),
        said("unknown element", &FLAT.replace("Role", "Rank")),
        said("text between", &FLAT.replace("<E>", "<E>hello")),
        said("twice", &FLAT.replace("<Role>Offender</Role>", "<Role>Offender</Role><Role>Victim</Role>")),
        said("late", &NESTED.replace("</Event>", "</Event><IncidentID>8</IncidentID>")),
        said("unknown entity", &FLAT.replace("AX", "&secret;")),
        said(
            "entity bomb",
            "<!DOCTYPE b [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><B><E><Role>&b;</Role></E></B>",
        ),
        said("a huge value", &FLAT.replace("AX", &"x".repeat(50_000))),
        said("too deep", &"<A>".repeat(100)),
        said("two roots", &format!("{FLAT}{FLAT}")),
    ];
    insta::assert_snapshot!(all.concat());
    let mut latin = FLAT.replace("AX", "Z").into_bytes();
    let at = latin.iter().position(|byte| *byte == b'Z').unwrap();
    latin[at] = 0xE9;
    assert!(read(&latin).1[0].contains("READ-008"));
}

fn event(code: &str, days: i64) -> BehaviorEvent {
    BehaviorEvent::builder()
        .district_number("9901".parse().unwrap())
        .school_number("9912".parse().unwrap())
        .incident_id("7".into())
        .incident_date("2025-10-02".parse().unwrap())
        .state_event_code(code.into())
        .student_state_id("990000101".parse().unwrap())
        .behavior_role("Offender".into())
        .duration(rust_decimal::Decimal::new(days, 1))
        .build()
        .unwrap()
}

#[test]
fn a_text_of_many_small_pieces_is_cut_off_as_one_long_text_is() {
    let long = FLAT.replace("Offender", &"&amp;".repeat(20_000));
    let (rows, findings) = read(long.as_bytes());
    assert!(rows.is_empty() && findings.len() == 1, "{findings:?}");
}

proptest! {
    #[test]
    fn what_was_written_reads_back(codes in prop::collection::vec("[ -~é]{0,10}[!-~]", 0..5), days in 0i64..1000) {
        let mut writer = BehaviorWriter::new(Vec::new(), Dictionary::built_in()).unwrap();
        let mut written = Vec::new();
        for code in &codes {
            let event = event(code.trim(), days);
            writer.write_record(&event).unwrap();
            written.push(event);
        }
        let xml = writer.finish().unwrap();
        let mut reader = BehaviorReader::new(&xml[..], Dictionary::built_in(), ReadOptions::new()).unwrap();
        let mut read = Vec::new();
        while let Some(row) = reader.next_row().unwrap() {
            read.push(BehaviorEvent::from_row(&row).unwrap());
        }
        prop_assert_eq!(&read, &written);
        prop_assert_eq!(reader.log().is_clean(), !written.is_empty());
    }

    #[test]
    fn any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[<>/A-Ca-c=\"& !\\[\\]-]{0,80}") {
        let _ = read(&bytes);
        let _ = read(text.as_bytes());
        let _ = read(FLAT.replace("Offender", &text).as_bytes());
    }
}
