//! Heights of rows with wrapped texts. Excel fits a row to its texts when it opens a workbook, other programs do not, and
//! let the lines of one row run over the next.

/// The height of one line, in points: that of a row in Excel.
pub(super) const LINE: f64 = 15.0;

/// Rows are at most 409 points high.
const MOST: u32 = 27;

/// How many lines a text needs in a column of a width in characters, broken between words where it can be.
pub(super) fn lines(text: &str, width: f64) -> u32 {
    let width = if width >= 1.0 { width } else { 1.0 };
    let of_paragraph = |paragraph: &str| {
        let (mut lines, mut used) = (1_u32, 0.0);
        for word in paragraph.split(' ') {
            let mut length = f64::from(u32::try_from(word.chars().count()).unwrap_or(u32::MAX));
            if used > 0.0 && used + 1.0 + length > width {
                (lines, used) = (lines.saturating_add(1), 0.0);
            } else if used > 0.0 {
                used += 1.0;
            }
            while length > width && lines < MOST {
                (lines, length) = (lines.saturating_add(1), length - width);
            }
            used += length;
        }
        lines
    };
    text.split('\n').map(of_paragraph).fold(0, u32::saturating_add).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_whole_where_they_fit() {
        for (text, width, expected) in [
            ("", 10.0, 1),
            ("ten chars.", 10.0, 1),
            ("ten chars. and", 10.0, 2),
            ("one two three", 7.0, 2),
            ("one two three", 6.0, 3),
            ("aaaaaaaaaaaaaaaaaaaaa", 10.0, 3),
            ("a\nb", 10.0, 2),
            ("a b c", 0.0, 3),
        ] {
            assert_eq!(lines(text, width), expected, "{text:?} in {width}");
        }
        assert_eq!(lines(&"word ".repeat(10_000), 8.0), MOST);
        assert_eq!(lines(&"w".repeat(100_000), 8.0), MOST);
    }
}
