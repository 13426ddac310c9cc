//! Text that may have come from anywhere, made safe to show on one line.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The longest text that is shown to people in full, in characters.
const LONGEST: usize = 4_000;

/// The text on one line: control characters, line breaks and characters that reorder or hide text are
/// written as escapes, and very long texts are cut with a count of what was cut.
///
/// ```
/// assert_eq!(opi_report::visible("red\u{1b}[31m.tsv"), "red\\u{1b}[31m.tsv");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let hostile = text.chars().any(is_hidden);
    if !hostile && text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len().min(4 * LONGEST));
    let mut characters = text.chars();
    for character in characters.by_ref().take(LONGEST) {
        if is_hidden(character) { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    let left = characters.count();
    if left > 0 {
        let _ = write!(shown, "… ({} more characters)", grouped(left as u64));
    }
    Cow::Owned(shown)
}

/// Whether a character does something else than show itself: controls, direction overrides, invisible
/// characters, line and paragraph separators.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A whole number with commas between thousands.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 rule`, `2 rules`: a number with its noun.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_written_out() {
        assert_eq!(visible("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(visible("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
        assert!(matches!(visible("Zoë 日本 0•••412"), Cow::Borrowed(_)));
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(visible(&"é".repeat(LONGEST)), "é".repeat(LONGEST));
        let long = visible(&"é".repeat(LONGEST + 1_234)).into_owned();
        assert!(long.ends_with("é… (1,234 more characters)"));
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), shown);
        }
        assert_eq!(counted(1, "rule", "rules"), "1 rule");
        assert_eq!(counted(1_200, "rule", "rules"), "1,200 rules");
    }
}
