//! What a reader of documents says of one, without what stands in it: that may be a pupil's data.

/// The message without the source lines and the values that it quotes. Keys stay.
pub(crate) fn shown(message: &str) -> String {
    let kept = message.lines().filter(|line| {
        let line = line.trim_start();
        !line.starts_with('|') && !line.chars().next().is_some_and(|first| first.is_ascii_digit())
    });
    without_quotes(&without_kind(kept.collect::<Vec<_>>().join(" ").trim()))
}

/// Takes out what was found in the place of what was expected.
fn without_kind(message: &str) -> String {
    for found in ["invalid type: ", "invalid value: ", "unknown variant "] {
        if let Some((before, rest)) = message.split_once(found) {
            let expected = rest.rfind(", expected ").and_then(|at| rest.get(at..)).unwrap_or_default();
            return format!("{before}a value is not of its kind{expected}");
        }
    }
    message.to_owned()
}

/// Puts `the value` in the place of each text in double quotes.
fn without_quotes(message: &str) -> String {
    let (mut kept, mut quoted, mut escaped) = (String::new(), false, false);
    for letter in message.chars() {
        match letter {
            '"' if !quoted => (quoted, escaped) = (true, false),
            '"' if !escaped => {
                quoted = false;
                kept.push_str("the value");
            }
            _ if !quoted => kept.push(letter),
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use crate::Case;

    #[test]
    fn no_message_shows_a_value() {
        let toml = |district: &str| format!("fiscal_year = 2026\n[[districts]]\n{district}");
        let json = |district: &str| format!("{{\"fiscal_year\": 2026, \"districts\": [{{{district}}}]}}");
        for (text, expected) in [
            (toml("district = \"0001\"\npir_days = \"Zinnia\""), "a value is not of its kind, expected"),
            (json(r#""district": "0001", "pir_days": "Zinnia""#), "a value is not of its kind, expected"),
            (json(r#""district": "Zin\"nia""#), "district number"),
            (
                json(r#""district": "0001", "units": [{"unit": "A", "program": "Zinnia"}]"#),
                "not of its kind, expected",
            ),
            (toml("district = 7654321"), "not of its kind, expected"),
        ] {
            let said = Case::from_text(&text).unwrap_err().to_string();
            assert!(!said.contains("nia") && !said.contains("7654321"), "{said}");
            assert!(said.contains(expected) && said.contains("line"), "{said}");
        }
    }
}
