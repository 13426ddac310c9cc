//! Whole invented states, looked at from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use opi_aim::{ReadOptions, Reader};
use opi_dictionary::{Dictionary, DirectoryBuilder, DirectoryTable, SchoolYear};
use opi_synth::{
    DefectRate, FILES, Meals, MemorySink, Plan, Planted, STATE_TABLES, Sink, State, WriteOptions,
    defect_kinds,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn plan(students: u64, years: u32, seed: u64) -> Plan {
    Plan { students, years, last_year: SchoolYear::ending(2026).unwrap(), seed }
}

fn written(plan: Plan, defects_per_million: u32) -> BTreeMap<String, Vec<u8>> {
    let mut sink = MemorySink::default();
    State::new(plan)
        .unwrap()
        .write(
            &mut sink,
            &WriteOptions { defects: DefectRate::of_million(defects_per_million), only_in: None },
            &mut |_| {},
        )
        .unwrap();
    sink.outputs
}

/// The rows of all districts' files of one family and year, without the header.
fn rows(outputs: &BTreeMap<String, Vec<u8>>, year: i32, family: &str) -> Vec<Vec<String>> {
    let folder = format!("uploads/{year}/");
    let end = format!("/{family}.tsv");
    let files = outputs.iter().filter(|(name, _)| name.starts_with(&folder) && name.ends_with(&end));
    let text =
        files.flat_map(|(_, bytes)| std::str::from_utf8(bytes).unwrap().split_terminator("\r\n").skip(1));
    text.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn hash(outputs: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in outputs {
        hasher.update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().to_hex().to_string()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let parts = |seed: u64| {
        let mut uploads = written(plan(800, 2, seed), 20_000);
        let state: BTreeMap<String, Vec<u8>> =
            uploads.extract_if(.., |name, _| name.starts_with("state/")).collect();
        (hash(&uploads), hash(&state))
    };
    let (uploads, state) = parts(20_260_701);
    assert_eq!((uploads.clone(), state.clone()), parts(20_260_701));
    let (other_uploads, other_state) = parts(20_260_702);
    assert!(uploads != other_uploads && state != other_state);
    // Change whenever a table or a draw changes; must not change with platform or build.
    insta::assert_snapshot!(uploads);
    insta::assert_snapshot!("the_same_seed_gives_the_same_tables_of_the_state", state);
}

#[test]
fn every_clean_row_reads_by_its_layout_without_a_finding() {
    let outputs = written(plan(3_000, 1, 5), 0);
    let dictionary = Dictionary::built_in();
    let mut files = 0;
    for (name, bytes) in outputs.iter().filter(|(name, _)| name.ends_with(".tsv")) {
        let mut options = ReadOptions::new().check_fields(true);
        // The tables of the state have neither header nor record type: their name says what they are.
        let table = name.strip_prefix("state/2026/").and_then(|table| table.strip_suffix(".tsv"));
        if let Some(table) = table {
            options = options.layout(table);
        }
        let mut reader = Reader::new(bytes.as_slice(), dictionary, options).unwrap();
        let mut read = 0u64;
        while let Some(row) = reader.next_row().unwrap() {
            assert!(name.ends_with(&format!("{}.tsv", row.layout().key)), "{name}");
            assert!(opi_dictionary::records::check_as_record(&row).unwrap(), "{name}");
            read += 1;
        }
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(read + u64::from(table.is_none()), lines, "{name}");
        assert!(reader.log().hits().is_empty(), "{name}: {:?}", reader.log().hits());
        files += 1;
    }
    assert!(files > 30);
}

/// The rows of a table of the state.
fn state_rows(outputs: &BTreeMap<String, Vec<u8>>, year: i32, table: &str) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(&outputs[&format!("state/{year}/{table}.tsv")]).unwrap();
    text.split_terminator("\r\n").map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn the_tables_of_the_state_speak_of_its_students_and_schools() {
    let outputs = written(plan(6_000, 2, 9), 0);
    for year in [2025, 2026] {
        let students: BTreeSet<(String, String)> = rows(&outputs, year, "student-enrollments")
            .into_iter()
            .map(|row| (row[4].clone(), row[1].clone()))
            .collect();
        let ids: BTreeSet<&String> = students.iter().map(|(id, _)| id).collect();
        for (table, column) in [("special-education", 1), ("discipline", 2), ("fram", 0), ("foster-care", 0)]
        {
            let rows = state_rows(&outputs, year, table);
            assert!(rows.len() > 20, "{table} {year}: {}", rows.len());
            assert!(rows.iter().all(|row| ids.contains(&row[column])), "{table} {year}");
        }
        // A plan and a removal are of a district where the student is enrolled.
        for row in state_rows(&outputs, year, "special-education") {
            assert!(students.contains(&(row[1].clone(), row[0].clone())), "{row:?}");
        }
        let plans: BTreeSet<(String, String)> = state_rows(&outputs, year, "special-education")
            .into_iter()
            .map(|row| (row[1].clone(), row[0].clone()))
            .collect();
        assert_eq!(plans.len(), state_rows(&outputs, year, "special-education").len(), "one plan a district");
        let reasons: BTreeSet<String> =
            state_rows(&outputs, year, "special-education").into_iter().map(|row| row[7].clone()).collect();
        assert!(reasons.contains("GHS") && reasons.contains("TRAN") && reasons.contains(""), "{reasons:?}");
        for row in state_rows(&outputs, year, "discipline") {
            assert!(students.contains(&(row[2].clone(), row[0].clone())), "{row:?}");
            // An interim removal is for children with disabilities.
            assert!(row[8].is_empty() || plans.contains(&(row[2].clone(), row[0].clone())), "{row:?}");
            assert!(row[7..=10].iter().any(|kind| !kind.is_empty()), "{row:?}");
        }
        let schools = rows_of_units(&outputs, year);
        let listed = std::str::from_utf8(&outputs["directory/schools.csv"]).unwrap().lines().count() - 1;
        assert_eq!(schools, listed, "every school has its row");
        let staff = state_rows(&outputs, year, "staff-assignments");
        let people: BTreeSet<&String> = staff.iter().map(|row| &row[2]).collect();
        assert_eq!(people.len(), staff.len(), "one assignment a person");
        let teachers: f64 = staff
            .iter()
            .filter(|row| row[3].ends_with("TCH") && row[5].is_empty())
            .map(|row| row[4].parse::<f64>().unwrap())
            .sum();
        let ratio = 6_000.0 / teachers;
        assert!((10.0..20.0).contains(&ratio), "{ratio} pupils a teacher");
    }
}

fn rows_of_units(outputs: &BTreeMap<String, Vec<u8>>, year: i32) -> usize {
    state_rows(outputs, year, "unit-programs")
        .iter()
        .filter(|row| row.get(1).is_some_and(|school| !school.is_empty()))
        .count()
}

#[test]
fn the_directory_reads_back() {
    let state = State::new(plan(3_000, 2, 5)).unwrap();
    let mut builder = DirectoryBuilder::default();
    let outputs = written(state.plan(), 0);
    for table in DirectoryTable::ALL {
        builder.read(*table, outputs[&format!("directory/{table}")].as_slice()).unwrap();
    }
    assert_eq!(builder.build().unwrap(), state.directory().unwrap());
}

#[test]
fn a_state_has_the_students_asked_for_in_every_year() {
    let outputs = written(plan(2_500, 3, 11), 0);
    for year in 2024..=2026 {
        let ids: BTreeSet<String> =
            rows(&outputs, year, "student-demographics").into_iter().map(|row| row[2].clone()).collect();
        assert_eq!(ids.len(), 2_500);
    }
}

#[test]
fn ids_are_nobodys_twice_and_name_the_same_person_for_ever() {
    let outputs = written(plan(6_000, 3, 3), 0);
    let mut people: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut born: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for year in 2024..=2026 {
        let mut local: BTreeMap<(String, String), String> = BTreeMap::new();
        for row in rows(&outputs, year, "student-demographics") {
            let (id, who) = (row[2].clone(), row[4..16].to_vec());
            assert_eq!(
                people.entry(id.clone()).or_insert_with(|| who.clone()),
                &who,
                "the same in all years and districts"
            );
            let key = [&row[4..6], &row[9..10]].concat();
            assert_eq!(
                born.entry(key).or_insert_with(|| id.clone()),
                &id,
                "name and birth date are one person's"
            );
            let district = (row[1].clone(), row[3].clone());
            assert_eq!(
                local.entry(district).or_insert_with(|| id.clone()),
                &id,
                "a local id is one student's"
            );
        }
    }
    assert!(people.len() > 6_500, "newcomers and kindergartners came: {}", people.len());
    let repeated = |id: &String| id.bytes().all(|digit| Some(digit) == id.bytes().next());
    assert!(people.keys().all(|id| id.len() == 9 && !repeated(id)));
}

#[test]
fn years_follow_on_each_other() {
    let outputs = written(plan(12_000, 3, 8), 0);
    let grade = |row: &Vec<String>| match row[8].as_str() {
        "PK" => -1,
        "KF" | "KH" => 0,
        number => number.parse::<i32>().unwrap(),
    };
    let of_year = |year| -> BTreeMap<String, Vec<Vec<String>>> {
        let mut students: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for row in rows(&outputs, year, "student-enrollments") {
            students.entry(row[4].clone()).or_default().push(row);
        }
        let day = |text: &String| format!("{}{}", &text[6..], &text[..5]);
        students.values_mut().for_each(|rows| rows.sort_by_key(|row| (day(&row[9]), day(&row[12]))));
        students
    };
    let years = [of_year(2024), of_year(2025), of_year(2026)];
    let (mut promoted, mut retained, mut moved, mut graduates, mut dropouts, mut returned) =
        (0, 0, 0, 0, 0, 0);
    for pair in years.windows(2) {
        for (id, after) in &pair[1] {
            match pair[0].get(id).and_then(|rows| rows.last()) {
                None => {
                    assert!(!["02", "03"].contains(&after[0][10].as_str()), "no history, {:?}", after[0][10])
                }
                Some(before) => {
                    let step = grade(&after[0]) - grade(before);
                    promoted += usize::from(step == 1);
                    retained += usize::from(step == 0);
                    assert!((0..=1).contains(&step), "{step}");
                    moved += usize::from(before[1] != after[0][1]);
                    assert!(!before[13].starts_with(['3', '4']), "graduates and dropouts do not come back");
                    returned += usize::from(before[13].starts_with("12") || before[13].starts_with("13"));
                }
            }
        }
        graduates += pair[0].values().filter(|rows| rows.iter().any(|row| row[13].starts_with('4'))).count();
        dropouts += pair[0].values().filter(|rows| rows.iter().any(|row| row[13].starts_with('3'))).count();
    }
    assert!(promoted > 18_000 && (100..800).contains(&retained), "{promoted} {retained}");
    assert!(moved > 500 && returned > 30, "{moved} {returned}");
    assert!((1_400..2_000).contains(&graduates) && (100..500).contains(&dropouts), "{graduates} {dropouts}");
}

#[test]
fn families_have_siblings() {
    let state = State::new(plan(6_000, 1, 4)).unwrap();
    let mut households: BTreeMap<u64, BTreeMap<u64, (String, bool, String)>> = BTreeMap::new();
    state
        .visit(SchoolYear::ending(2026).unwrap(), &mut |student| {
            let person = &student.person;
            let shared = (
                person.last_name.reveal().to_owned(),
                person.hispanic,
                format!("{:?}{:?}", person.races, person.military),
            );
            households.entry(person.household).or_default().insert(person.number, shared);
        })
        .unwrap();
    let students: usize = households.values().map(BTreeMap::len).sum();
    let with_siblings: usize = households.values().map(BTreeMap::len).filter(|size| *size > 1).sum();
    assert_eq!(students, 6_000);
    assert!((25..75).contains(&(with_siblings * 100 / students)), "{with_siblings} of {students}");
    for household in households.values() {
        assert!(household.values().all(|shared| Some(shared) == household.values().next()));
        assert!(household.len() <= 3);
    }
}

/// Asserts a share in hundredths of a percent.
fn assert_share(what: &str, count: u64, total: u64, expected: std::ops::RangeInclusive<u64>) {
    let share = count * 10_000 / total;
    assert!(expected.contains(&share), "{what}: {share} of 10,000, expected {expected:?}");
}

#[test]
fn the_whole_state_has_the_real_shape() {
    let state = State::new(plan(147_000, 1, 1)).unwrap();
    let directory = state.directory().unwrap();
    let entities = directory.districts().flat_map(|district| &district.entities).count();
    assert!((380..=420).contains(&entities), "{entities} legal districts");
    let schools = directory.schools().count();
    assert!((780..=860).contains(&schools), "{schools} schools");
    let year = SchoolYear::ending(2026).unwrap();
    let kinds: BTreeSet<&str> =
        directory.districts().filter_map(|d| d.kind(year)).map(|kind| kind.as_str()).collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    let counties: BTreeSet<_> = directory.districts().map(|district| district.county).collect();
    assert_eq!(counties.len(), 56);
    assert!(directory.budget_units().any(|unit| unit.separate));

    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut grades: BTreeMap<String, u64> = BTreeMap::new();
    let mut schools: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut total = 0u64;
    state
        .visit(year, &mut |student| {
            if !student.began_here {
                return;
            }
            let (person, enrollment) = (&student.person, &student.enrollments[0]);
            total += 1;
            *grades.entry(enrollment.grade.clone()).or_default() += 1;
            let flags = person.races;
            let many = [flags.american_indian, flags.asian, flags.black, flags.pacific_islander, flags.white];
            let many = many.iter().filter(|flag| **flag).count();
            assert!(many > 0);
            let group = match (person.hispanic, many) {
                (true, _) => "hispanic",
                (false, 2..) => "two or more",
                _ if flags.american_indian => "american indian",
                _ if flags.white => "white",
                _ => "other",
            };
            let school = schools.entry(state.school_of(enrollment).unwrap().to_string()).or_default();
            school.0 += 1;
            school.1 += u64::from(group == "american indian");
            let mut add = |what: &'static str, yes: bool| *counts.entry(what).or_default() += u64::from(yes);
            add(group, true);
            add("male", person.male);
            add("english learner", student.language_program.is_some_and(|program| program.is_learner()));
            add("special education", person.disability.is_some());
            add("section 504", person.section_504);
            add("low income", person.meals != Meals::Full);
            add("homeless", student.year.homeless.is_some());
            add("military", person.military.is_some());
            add("graduate", student.enrollments.iter().any(|e| e.diploma.is_some()));
            add("dropout", student.enrollments.iter().any(|e| e.dropout_reason.is_some()));
        })
        .unwrap();
    assert_eq!(total, 147_000);
    assert_share("male", counts["male"], total, 5_060..=5_160);
    assert_share("white", counts["white"], total, 7_600..=7_950);
    assert_share("american indian", counts["american indian"], total, 900..=1_080);
    assert_share("hispanic", counts["hispanic"], total, 520..=630);
    assert_share("two or more", counts["two or more"], total, 450..=560);
    assert_share("other races", counts["other"], total, 110..=180);
    assert_share("english learner", counts["english learner"], total, 180..=370);
    assert_share("special education", counts["special education"], total, 1_350..=1_480);
    assert_share("section 504", counts["section 504"], total, 200..=450);
    assert_share("low income", counts["low income"], total, 4_000..=4_500);
    assert_share("homeless", counts["homeless"], total, 260..=340);
    assert_share("military", counts["military"], total, 240..=340);
    assert_share("graduates of grade 12", counts["graduate"], grades["12"], 8_700..=9_600);
    let high: u64 = ["09", "10", "11", "12"].iter().map(|grade| grades[*grade]).sum();
    assert_share("dropouts of grades 9 to 12", counts["dropout"], high, 250..=450);
    assert_share("grades 9 to 12", high, total, 2_950..=3_200);
    // Bimodal: hardly a school between a third and two thirds American Indian.
    let share = |(pupils, indian): &(u64, u64)| indian * 100 / pupils;
    let large: Vec<u64> = schools.values().filter(|school| school.0 >= 20).map(share).collect();
    let middle = large.iter().filter(|share| (33..=66).contains(*share)).count();
    let high = large.iter().filter(|share| **share > 66).count();
    assert!(middle * 50 < large.len() && high * 20 > large.len(), "{middle} and {high} of {}", large.len());
    // Sizes, against school-year.md section 5 with wide margins.
    let sizes =
        |from: u64, to: u64| schools.values().filter(|school| (from..=to).contains(&school.0)).count();
    for (from, to, expected) in [
        (1, 9, 45..=100),
        (10, 49, 130..=240),
        (50, 199, 180..=330),
        (200, 499, 170..=280),
        (500, 3_000, 35..=65),
    ] {
        assert!(expected.contains(&sizes(from, to)), "{from} to {to}: {}", sizes(from, to));
    }
}

#[test]
fn small_states_keep_their_kinds() {
    let state = State::new(plan(1_000, 1, 2)).unwrap();
    let directory = state.directory().unwrap();
    let year = SchoolYear::ending(2026).unwrap();
    let kinds: BTreeSet<&str> =
        directory.districts().filter_map(|d| d.kind(year)).map(|kind| kind.as_str()).collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    for students in [1, 2, 13, 60, 200] {
        let outputs = written(plan(students, 2, 9), 0);
        let ids: BTreeSet<String> =
            rows(&outputs, 2026, "student-demographics").into_iter().map(|row| row[2].clone()).collect();
        assert_eq!(ids.len() as u64, students);
    }
}

#[test]
fn plans_that_cannot_be_carried_out_are_refused() {
    for (students, years) in
        [(0, 1), (10, 0), (1_000_000_000, 1), (500_000_000, 2), (u64::MAX, 3), (1, u32::MAX)]
    {
        assert!(State::new(plan(students, years, 1)).is_err(), "{students} {years}");
    }
    let state = State::new(plan(10, 1, 1)).unwrap();
    assert!(state.visit(SchoolYear::ending(2020).unwrap(), &mut |_| {}).is_err());
}

/// Counts how many outputs are open at once, and drops the bytes.
#[derive(Default)]
struct Counter {
    open: usize,
    most: usize,
    names: BTreeSet<String>,
}

impl Sink for Counter {
    type Output = std::io::Sink;

    fn open(&mut self, name: &str) -> std::io::Result<std::io::Sink> {
        self.open += 1;
        self.most = self.most.max(self.open);
        assert!(self.names.insert(name.to_owned()), "{name} opened twice");
        Ok(std::io::sink())
    }

    fn close(&mut self, _name: &str, _output: std::io::Sink) -> std::io::Result<()> {
        self.open -= 1;
        Ok(())
    }
}

#[test]
fn only_one_neighbourhood_is_open_at_a_time() {
    let mut sink = Counter::default();
    let state = State::new(plan(20_000, 1, 6)).unwrap();
    let mut steps = 0;
    let summary = state
        .write(
            &mut sink,
            &WriteOptions { defects: DefectRate::of_million(1_000), only_in: None },
            &mut |_| steps += 1,
        )
        .unwrap();
    assert_eq!(sink.open, 0);
    assert!(sink.most <= FILES.len() * 40 + STATE_TABLES.len(), "{} outputs at once", sink.most);
    assert!(steps > 20 && summary.students == 20_000 && summary.planted > 0);
    let most = state.directory().unwrap().districts().count() * FILES.len()
        + DirectoryTable::ALL.len()
        + STATE_TABLES.len()
        + 1;
    assert!((most * 7 / 10..=most).contains(&sink.names.len()), "{} of {most}", sink.names.len());
}

#[test]
fn names_are_nobodys() {
    // The commonest surnames and given names of the United States census, as far as they could be words.
    const BORNE: &[&str] = &[
        "Smith",
        "Johnson",
        "Williams",
        "Brown",
        "Jones",
        "Garcia",
        "Miller",
        "Davis",
        "Rodriguez",
        "Martinez",
        "Hill",
        "Green",
        "Baker",
        "Rivera",
        "Reed",
        "Bell",
        "Wood",
        "Brooks",
        "Gray",
        "Stone",
        "Marsh",
        "Snow",
        "Frost",
        "Winter",
        "Summer",
        "Rose",
        "Lily",
        "Daisy",
        "Violet",
        "Iris",
        "Ivy",
        "Hazel",
        "Olive",
        "Heather",
        "Holly",
        "Jasmine",
        "Ruby",
        "Pearl",
        "Opal",
        "Jade",
        "Amber",
        "Crystal",
        "Ginger",
        "Rosemary",
        "Basil",
        "Sage",
        "Poppy",
        "Flora",
        "Fern",
        "Laurel",
        "Myrtle",
        "Clover",
        "Willow",
        "Rowan",
        "Ash",
        "Forest",
        "River",
        "Brook",
        "Sky",
        "Storm",
        "Misty",
        "Dawn",
        "Summer",
        "Autumn",
        "April",
        "June",
        "Robin",
        "Jay",
        "Wren",
        "Clay",
        "Flint",
        "Jasper",
        "Garnet",
        "Sandy",
        "Cliff",
        "Glen",
        "Dale",
        "Heath",
        "Rusty",
        "Sunny",
        "Stormy",
    ];
    let state = State::new(plan(4_000, 1, 1)).unwrap();
    let mut seen = BTreeSet::new();
    state
        .visit(SchoolYear::ending(2026).unwrap(), &mut |student| {
            let person = &student.person;
            for name in [Some(&person.last_name), Some(&person.first_name), person.middle_name.as_ref()]
                .into_iter()
                .flatten()
            {
                seen.extend(name.reveal().split('-').map(str::to_owned));
            }
        })
        .unwrap();
    assert!(seen.len() > 300);
    assert!(seen.iter().any(|name| !name.is_ascii()), "some names are not plain ASCII");
    for name in BORNE {
        assert!(!seen.contains(*name), "{name}");
    }
}

#[test]
fn the_planted_list_is_exactly_what_differs() {
    let clean = written(plan(4_000, 2, 21), 0);
    let spoiled = written(plan(4_000, 2, 21), 50_000);
    let list = String::from_utf8(spoiled["planted.jsonl"].clone()).unwrap();
    let planted: Vec<Planted> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(planted.len() > 900, "{}", planted.len());
    let kinds: BTreeSet<&str> = planted.iter().map(|mistake| mistake.kind.as_str()).collect();
    assert!(kinds.len() > 75, "{} kinds", kinds.len());
    let mut by_file: BTreeMap<&str, Vec<&Planted>> = BTreeMap::new();
    planted.iter().for_each(|mistake| by_file.entry(mistake.file.as_str()).or_default().push(mistake));
    for (name, good) in clean.iter() {
        let bad = &spoiled[name];
        let Some(mistakes) = by_file.get(name.as_str()) else {
            assert_eq!(good, bad, "{name} holds no planted mistake");
            continue;
        };
        let of_file = |kind: &str| mistakes.iter().any(|mistake| mistake.kind == kind);
        let split = |bytes: &[u8]| -> Vec<Vec<u8>> {
            bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
        };
        let plain = |mut line: Vec<u8>| {
            let end = line.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |index| index + 1);
            line.truncate(end);
            line
        };
        let mut good: Vec<Vec<u8>> = split(good).into_iter().map(plain).collect();
        let bad = split(bad);
        assert_eq!(of_file("line_feeds"), bad.iter().all(|line| !line.ends_with(b"\r\n")), "{name}");
        let mut bad: Vec<Vec<u8>> = bad.into_iter().map(plain).collect();
        if of_file("header_missing") {
            good.remove(0);
        }
        if of_file("byte_order_mark") {
            assert!(bad[0].starts_with(b"\xef\xbb\xbf"));
            bad[0].drain(..3);
        }
        // Take the repeats out from the end, so that lines agree again.
        let mut lines: BTreeSet<usize> = BTreeSet::new();
        let adds_a_line =
            |kind: &str| kind.starts_with("repeated") || ["blank_line", "column_names"].contains(&kind);
        for mistake in mistakes.iter().rev().filter(|mistake| adds_a_line(&mistake.kind)) {
            let added = bad.remove(mistake.line as usize - 1);
            match mistake.kind.as_str() {
                "blank_line" => assert!(added.is_empty(), "{name}"),
                "column_names" => assert!(added.starts_with(b"Record Type\t"), "{name}"),
                _ => assert_eq!(added, bad[mistake.line as usize - 2], "{name}"),
            }
        }
        let mut gone = 0;
        for mistake in mistakes {
            match mistake.kind.as_str() {
                kind if adds_a_line(kind) => gone += 1,
                "header_missing" | "line_feeds" | "byte_order_mark" => {}
                "counted_too_early" => {
                    lines.insert(1);
                }
                _ => {
                    lines.insert(mistake.line as usize - gone);
                }
            }
        }
        let differ: BTreeSet<usize> =
            (1..=good.len()).filter(|line| good[line - 1] != bad[line - 1]).collect();
        assert_eq!(good.len(), bad.len(), "{name}");
        assert_eq!(differ, lines, "{name}");
    }
}

#[test]
fn kinds_of_mistakes_name_fields_that_exist() {
    let dictionary = Dictionary::built_in();
    let kinds = defect_kinds().unwrap();
    let names: BTreeSet<&str> = kinds.iter().map(|kind| kind.kind.as_str()).collect();
    assert_eq!(names.len(), kinds.len(), "each name once");
    let mut codes = BTreeSet::new();
    for kind in &kinds {
        assert!(kind.codes().next().is_some(), "{}", kind.kind);
        for code in kind.codes().chain(kind.also()) {
            let (group, number) = code.split_once('-').unwrap();
            assert!(
                group.starts_with(|letter: char| letter.is_ascii_uppercase()) && number.len() == 3,
                "{code}"
            );
        }
        codes.extend(kind.codes().map(str::to_owned));
        let special = ["row", "header", "file"].contains(&kind.field.as_str());
        let has = |file: &&str| {
            let layout = dictionary.layout(file).unwrap();
            special || layout.fields.iter().any(|field| field.name == kind.field)
        };
        if kind.files == "*" {
            assert!(FILES.iter().any(has), "{}: {}", kind.kind, kind.field);
        }
        for file in kind.files.split_whitespace().filter(|file| *file != "*") {
            assert!(FILES.contains(&file) && has(&file), "{}: {} in {file}", kind.kind, kind.field);
        }
    }
    assert!(codes.len() >= 75, "{} codes", codes.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_student_is_in_two_primary_enrollments_at_once(seed in any::<u64>(), students in 1u64..1_500) {
        let outputs = written(plan(students, 2, seed), 0);
        for year in 2025..=2026 {
            let known: BTreeSet<(String, String)> =
                rows(&outputs, year, "student-demographics").into_iter().map(|row| (row[1].clone(), row[2].clone())).collect();
            let mut spans: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
            let day = |text: &String| format!("{}{}", &text[6..], &text[..5]);
            for row in rows(&outputs, year, "student-enrollments") {
                prop_assert!(known.contains(&(row[1].clone(), row[4].clone())), "enrolled, not in demographics");
                prop_assert!(day(&row[9]) <= day(&row[12]));
                if row[11] == "P" {
                    spans.entry(row[4].clone()).or_default().push((day(&row[9]), day(&row[12])));
                }
            }
            for spans in spans.values_mut() {
                spans.sort();
                prop_assert!(spans.windows(2).all(|pair| pair[0].1 < pair[1].0), "{:?}", spans);
            }
            for family in ["fall-enrollment-count", "spring-enrollment-count", "program-participation"] {
                let all = rows(&outputs, year, family);
                let keys: BTreeSet<&[String]> = all.iter().map(|row| &row[1..5]).collect();
                prop_assert_eq!(keys.len(), all.len(), "one row per student and calendar in {}", family);
            }
        }
    }
}
