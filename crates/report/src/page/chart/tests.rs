use super::*;

/// The contrast of two colours as the accessibility guidelines reckon it.
fn contrast(a: RGBColor, b: RGBColor) -> f64 {
    let channel = |value: u8| {
        let share = f64::from(value) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    let light = |c: RGBColor| 0.2126 * channel(c.0) + 0.7152 * channel(c.1) + 0.0722 * channel(c.2);
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn colours_stand_out_on_both_papers() {
    for paper in [RGBColor(0xFF, 0xFF, 0xFF), RGBColor(0x14, 0x17, 0x1A)] {
        for colour in SERIES.into_iter().chain([AXIS]) {
            let found = contrast(colour, paper);
            assert!(found >= 3.0, "{colour:?} on {paper:?}: {found:.2}");
        }
    }
}

#[test]
fn grids_have_round_steps_that_cover_all_values() {
    for (values, labels) in [
        (vec![], vec!["0.0", "0.5", "1.0"]),
        (vec![0.0, 7.0], vec!["0", "2", "4", "6", "8"]),
        (vec![146_000.0, 148_900.0], vec!["146,000", "147,000", "148,000", "149,000"]),
        (vec![-30.0, 12.0], vec!["−40", "−20", "0", "20"]),
        (vec![5.0], vec!["4.0", "4.5", "5.0", "5.5", "6.0"]),
    ] {
        let ticks = Ticks::over(&values);
        let found: Vec<String> = ticks.values().map(|value| ticks.label(value)).collect();
        assert_eq!(found, labels, "{values:?}");
        assert!(values.iter().all(|value| (ticks.low..=ticks.high).contains(value)));
    }
}

#[test]
fn extreme_values_draw_without_a_panic() {
    for values in
        [[f64::MAX, f64::MIN], [0.0, f64::MIN_POSITIVE], [-0.0, 0.0], [1e300, -1e-300], [f64::MAX, f64::MAX]]
    {
        let mut bars = BarChart::new("extreme", "extreme");
        let mut series = Series::new("extreme");
        for value in values {
            bars = bars.bar(Bar::new("a", value, "a"));
            series = series.point(value, "a");
        }
        bars.build(&mut Html::default()).unwrap();
        LineChart::new("extreme", "extreme", ["a", "b"]).series(series).build(&mut Html::default()).unwrap();
    }
    BarChart::new("none", "none").build(&mut Html::default()).unwrap();
    LineChart::new("none", "none", Vec::<String>::new()).build(&mut Html::default()).unwrap();
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let message = |result: Result<(), ReportError>| result.unwrap_err().to_string();
    let chart = BarChart::new("bars", "").bar(Bar::new("a", f64::NAN, "?"));
    insta::assert_snapshot!(message(chart.build(&mut Html::default())), @r#"chart "bars": found the value NaN, expected finite numbers"#);
    let chart = LineChart::new("lines", "", ["1", "2"]).series(Series::new("x").point(1.0, "1"));
    insta::assert_snapshot!(message(chart.build(&mut Html::default())), @r#"chart "lines": line "x" has 1 points, expected 2, one for each step"#);
    let mut chart = LineChart::new("lines", "", ["1"]);
    for _ in 0..5 {
        chart = chart.series(Series::new("x").gap());
    }
    insta::assert_snapshot!(message(chart.build(&mut Html::default())), @r#"chart "lines": 5 lines; at most 4 can be told apart"#);
}
