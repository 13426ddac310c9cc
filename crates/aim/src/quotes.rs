//! Quotation marks that a spreadsheet or another tool put around values. AIM files have none: a mark is a letter like any
//! other, so none is taken off and none swallows what follows; it is told, since it was hardly meant.

/// What a quotation mark does in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    /// It opens a value and closes it.
    Around,
    /// It opens a value that ends without one: a tab or a line break may have stood within.
    Unclosed,
    /// A backslash stands before it.
    Escaped,
}

impl Quote {
    /// As the number of a hit.
    pub(crate) fn number(self) -> u64 {
        match self {
            Quote::Around => 1,
            Quote::Unclosed => 2,
            Quote::Escaped => 3,
        }
    }

    /// What the number of a hit means.
    pub(crate) fn in_words(number: u64) -> &'static str {
        match number {
            2 => "it is not closed before the value ends, so a tab or a line break may have stood within",
            3 => "a backslash stands before it",
            _ => "it is closed at the end of the value",
        }
    }
}

/// The first field of a line with a quotation mark that looks like the writing of another tool: its column, counted from
/// 0, and its offset within the line. A mark within a value, as in a nickname, is none of them.
pub(crate) fn find(line: &str) -> Option<(usize, usize, Quote)> {
    let mut offset = 0;
    for (column, field) in line.split('\t').enumerate() {
        let value = field.trim_matches(' ');
        let quote = if value.contains("\\\"") {
            Some(Quote::Escaped)
        } else {
            value.strip_prefix('"').map(|rest| {
                // Two marks stand for one, so an even number at the end closes nothing.
                let marks = rest.len() - rest.trim_end_matches('"').len();
                if marks % 2 == 1 { Quote::Around } else { Quote::Unclosed }
            })
        };
        if let Some(quote) = quote {
            return Some((column, offset, quote));
        }
        offset += field.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_other_tools_are_found_and_marks_within_a_value_are_not() {
        for (line, found) in [
            ("EN\t\"Fox, Jr.\"\tx", Some((1, 3, Quote::Around))),
            ("EN\t\"Fox\tx", Some((1, 3, Quote::Unclosed))),
            ("EN\tFox\"\tx", None),
            ("EN\tFox \"Red\" Tail\tx", None),
            ("EN\tFox \\\"Red\\\"\tx", Some((1, 3, Quote::Escaped))),
            ("EN\t \"\"Fox\"\" \tx", Some((1, 3, Quote::Unclosed))),
            ("EN\t\"\"\tx", Some((1, 3, Quote::Around))),
            ("\"", Some((0, 0, Quote::Unclosed))),
            ("", None),
        ] {
            assert_eq!(find(line), found, "{line:?}");
        }
    }
}
