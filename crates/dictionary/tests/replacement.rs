//! Layouts and code sets given at run time pass the same checks as the built-in ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test program"
)]

use opi_dictionary::{
    CodeLookup, Dictionary, FieldProblem, LayoutFieldRow, Standing, fields, layout_to_toml,
};

fn rows_of(key: &str) -> Vec<LayoutFieldRow> {
    let layout = Dictionary::built_in().layout(key).unwrap();
    let numbered = layout.fields.iter().zip(1..);
    numbered.map(|(field, position)| LayoutFieldRow { position, ..LayoutFieldRow::from(field) }).collect()
}

fn replace(rows: &[LayoutFieldRow]) -> Result<Dictionary, String> {
    let mut dictionary = Dictionary::built_in().clone();
    dictionary.replace_layout_toml(&layout_to_toml("fram", rows)).map_err(|error| error.to_string())?;
    Ok(dictionary)
}

#[test]
fn every_layout_survives_the_way_through_toml() {
    for layout in Dictionary::built_in().layouts() {
        let mut dictionary = Dictionary::built_in().clone();
        dictionary.replace_layout_toml(&layout_to_toml(&layout.key, &rows_of(&layout.key))).unwrap();
        assert_eq!(dictionary.layout(&layout.key).unwrap(), layout);
    }
}

#[test]
fn a_new_order_moves_the_columns() {
    let mut rows = rows_of("fram");
    rows.swap(1, 2);
    for (row, position) in rows.iter_mut().zip(1..) {
        row.position = position;
    }
    let dictionary = replace(&rows).unwrap();
    assert_eq!(dictionary.layout("fram").unwrap().column(fields::FIRST_NAME), Some(1));
    assert_eq!(Dictionary::built_in().layout("fram").unwrap().column(fields::FIRST_NAME), Some(2));
}

#[test]
fn a_new_field_gets_a_number_and_counts_as_personal() {
    let mut rows = rows_of("fram");
    let position = rows.len() as u16 + 1;
    let extra = LayoutFieldRow {
        position,
        field: "case_number".into(),
        name: "Case Number".into(),
        ..rows[1].clone()
    };
    rows.push(extra);
    let dictionary = replace(&rows).unwrap();
    let field = dictionary.field("case_number").unwrap();
    assert_eq!(usize::from(field.number()), Dictionary::built_in().fields().len() + 1);
    assert!(dictionary.field_info(field).unwrap().personal);
    assert_eq!(dictionary.layout("fram").unwrap().column(field), Some(7));
    assert_eq!(dictionary.layout("student-enrollments").unwrap().column(field), None);
}

#[test]
fn what_is_wrong_with_a_replacement_is_said() {
    let broken = |change: &dyn Fn(&mut Vec<LayoutFieldRow>)| {
        let mut rows = rows_of("fram");
        change(&mut rows);
        replace(&rows).unwrap_err()
    };
    let messages = [
        broken(&|rows| rows[2].position = 9),
        broken(&|rows| rows[2].field = "last_name".into()),
        broken(&|rows| rows[2].name = "Last Name".into()),
        broken(&|rows| rows[3].code_set = "no-such-set".into()),
        broken(&|rows| rows[3].source = " ".into()),
        broken(&|rows| rows[3].standing = "sure".into()),
        broken(&|rows| rows[3].field_type = "number".into()),
        broken(&|rows| rows[4].condition = String::new()),
        broken(&|rows| rows[4].field = "Not A Key".into()),
        broken(&|rows| rows.clear()),
    ];
    insta::assert_snapshot!(messages.join("\n"));
    let mut dictionary = Dictionary::built_in().clone();
    let text = "layout = \"fram\"\n\n[[field]]\nposition = 1\nfieldd = \"x\"\n";
    insta::assert_snapshot!(dictionary.replace_layout_toml(text).unwrap_err());
    assert!(dictionary.replace_layout_toml("layout = \"nowhere\"\nfield = []").is_err());
}

#[test]
fn a_loaded_code_list_is_tested() {
    let mut dictionary = Dictionary::built_in().clone();
    let layout = |dictionary: &Dictionary| {
        let field = dictionary.layout("student-enrollments").unwrap().field(fields::DROP_OUT_REASON).unwrap();
        field.form_problem("77").is_none()
    };
    assert!(layout(&dictionary), "no list is known, so anything passes");
    let csv = "code,label,meaning,first_day,last_day,kind,working_code,source,standing\n01,Moved,,,,value,no,our letter of May,sourced\n";
    dictionary.replace_code_set_csv("dropout-reason", csv).unwrap();
    assert!(!layout(&dictionary));
    assert!(matches!(dictionary.look_up("dropout-reason", "01", None).unwrap(), CodeLookup::Known(_)));
    let twice = format!("{csv}01,Again,,,,value,no,our letter of May,sourced\n");
    insta::assert_snapshot!(dictionary.replace_code_set_csv("dropout-reason", &twice).unwrap_err(),
        @r#"dropout-reason: code "01": stands twice on one day"#);
}

#[test]
fn a_loaded_code_list_rests_on_what_its_codes_rest_on() {
    let header = "code,label,meaning,first_day,last_day,kind,working_code,source,standing\n";
    let of = |codes: &str| {
        let mut dictionary = Dictionary::built_in().clone();
        let loaded = dictionary.replace_code_set_csv("behavior-event", &format!("{header}{codes}"));
        (loaded.map_err(|error| error.to_string()), dictionary)
    };
    assert!(Dictionary::built_in().code_set("behavior-event").unwrap().meaning.contains("No code is known"));
    let (loaded, dictionary) = of("01,Fight,,,,value,no,our letter of May,sourced\n\
                                   02,Theft,,,,value,no,heard in June,recall\n\
                                   03,Fire,,,,value,no,our letter of May,sourced\n");
    loaded.unwrap();
    let set = dictionary.code_set("behavior-event").unwrap();
    assert_eq!((set.source.as_str(), set.standing), ("our letter of May; heard in June", Standing::Recall));
    assert!(!set.meaning.contains("No code is known"), "{}", set.meaning);
    // What cannot be loaded leaves everything as it was.
    for wrong in ["", "01,Fight,,,,value,no,our letter of May,sure\n"] {
        let (refused, dictionary) = of(wrong);
        assert!(refused.is_err());
        assert_eq!(dictionary.code_sets(), Dictionary::built_in().code_sets());
    }
}

#[test]
fn the_format_of_a_number_says_its_decimals() {
    let with = |format: &str| {
        let mut rows = rows_of("fram");
        rows[4].field_type = "numeric".into();
        rows[4].code_set = String::new();
        rows[4].max_length = Some(12);
        rows[4].format = format.into();
        replace(&rows)
    };
    for (format, passes, fails) in [
        ("9.9999", "1.2345", Some("1.23456")),
        ("up to 3 decimals", "1.234", Some("1.2345")),
        ("999", "12", Some("1.5")),
        ("9.99", "12.25", Some("12.255")),
        ("", "1.23456789", None),
    ] {
        let dictionary = with(format).unwrap();
        let field = &dictionary.layout("fram").unwrap().fields[4];
        assert_eq!(field.form_problem(passes), None, "{format}");
        assert_eq!(
            fails.map(|text| field.form_problem(text)),
            fails.map(|_| Some(FieldProblem::TooManyPlaces))
        );
    }
    for unknown in ["9.", "2 decimals", "up to many decimals", "9,99"] {
        let refused = with(unknown).unwrap_err();
        assert!(refused.contains("is none of a number; write YYYY, 9.99, up to 2 decimals"), "{refused}");
    }
}

#[test]
fn only_a_stand_in_list_can_be_suspended() {
    let mut dictionary = Dictionary::built_in().clone();
    let passes = |dictionary: &Dictionary| {
        let layout = dictionary.layout("program-participation").unwrap();
        layout.field(fields::TITLE_I).unwrap().form_problem("ZZZ").is_none()
    };
    assert!(!passes(&dictionary));
    dictionary.suspend_membership("title-i").unwrap();
    assert!(passes(&dictionary));
    assert!(dictionary.suspend_membership("service-type").is_err());
}
