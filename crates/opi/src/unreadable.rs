//! Why no layout was found for a file, in words that tell how to mend it.

use opi_aim::{ReadLog, ReadRule};

/// The reason, from what the reader noticed. It holds no value of the file.
pub(crate) fn why_no_layout(log: &ReadLog, has_header: bool) -> String {
    let first = |rule: ReadRule| log.hits().iter().find(|hit| hit.rule == rule);
    if log.count(ReadRule::Utf16) > 0 {
        return "it is UTF-16, of which nothing was read; save it as UTF-8 (FILE-012)".to_owned();
    }
    let returns = |hit: &opi_aim::ReadHit| hit.rule == ReadRule::ControlCharacter && hit.number == 13;
    if log.hits().iter().any(|hit| hit.line == 1 && returns(hit)) {
        return "line 1: lines end in a carriage return alone, so the file is one line; save it with line feeds".to_owned();
    }
    if let Some(hit) = first(ReadRule::UnknownRecordType) {
        let quoted = log.hits().iter().any(|quote| quote.rule == ReadRule::Quoted && quote.line <= hit.line);
        let why = match hit.number {
            _ if quoted => "a quotation mark opens a field, and AIM files have none; export without them",
            1 => "the row holds no tab; the fields of AIM files are parted by tabs",
            _ => {
                "the first field is no record type, such as SD, EN or AF; name the layout if its rows have none"
            }
        };
        return format!("line {}: {why} (FILE-008)", hit.line);
    }
    if let Some(hit) = first(ReadRule::LineTooLong) {
        return format!("line {}: the line is longer than any row (READ-007)", hit.line);
    }
    if let Some(hit) = first(ReadRule::ColumnNames) {
        return format!("line {}: it holds column names and no row (READ-006)", hit.line);
    }
    if has_header {
        "it has a header and no row, so no record type says its layout; name the layout (FILE-010)".to_owned()
    } else {
        "it holds no row (FILE-002)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::CheckedUpload;
    use opi_dictionary::Dictionary;

    fn said(bytes: &[u8]) -> String {
        let upload = ("x.tsv".to_owned(), bytes.to_vec());
        let found = CheckedUpload::or_why_not(&upload, Dictionary::built_in(), None).unwrap();
        found.err().unwrap_or_else(|| "read".to_owned())
    }

    #[test]
    fn each_reason_says_what_to_do() {
        let header = "HD\t10/09/2025\t08:15:00\tMT9.1\r\n";
        let row = "AF\t9901\t9911\t100\t990000101\t101\tLarkspur\tZinnia\tF\tN\tN\t2026\r\n";
        let file = format!("{header}{row}");
        let wide: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain(file.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let quoted: String =
            file.lines().map(|line| format!("\"{}\"\r\n", line.replace('\t', "\"\t\""))).collect();
        for (bytes, part) in [
            (wide, "save it as UTF-8"),
            (file.replace("\r\n", "\r").into_bytes(), "carriage return alone"),
            (quoted.into_bytes(), "line 2: a quotation mark opens a field"),
            (file.replace('\t', ",").into_bytes(), "line 1: the row holds no tab"),
            (file.replace("AF\t", "ZZ\t").into_bytes(), "line 2: the first field is no record type"),
            (header.as_bytes().to_vec(), "a header and no row"),
            (Vec::new(), "it holds no row"),
            (file.replace("AF\t", "af\t").into_bytes(), "read"),
        ] {
            let told = said(&bytes);
            assert!(told.contains(part), "{part}: {told}");
            assert!(!told.contains("Larkspur") && !told.contains("990000101"), "{told}");
        }
    }
}
