//! Content hashes: BLAKE3, 32 bytes, written as 64 hexadecimal digits.

use crate::SnapshotError;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};
use std::str::FromStr;

/// The BLAKE3 hash of some content. Two contents with one hash are the same content.
///
/// ```
/// use opi_snapshot::ContentHash;
/// let hash = ContentHash::of(b"invented");
/// assert_eq!(hash.to_string().parse::<ContentHash>()?, hash);
/// assert_eq!(hash.short().len(), 12);
/// # Ok::<(), opi_snapshot::SnapshotError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(into = "String", try_from = "String")]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of bytes as they stand.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        ContentHash(*blake3::hash(bytes).as_bytes())
    }

    /// The first twelve digits: enough for people to tell hashes apart.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

/// Hashes bytes that come in pieces.
///
/// ```
/// use opi_snapshot::{ContentHash, ContentHasher};
/// let mut hasher = ContentHasher::default();
/// hasher.update(b"inven");
/// hasher.update(b"ted");
/// assert_eq!(hasher.finish(), ContentHash::of(b"invented"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ContentHasher(blake3::Hasher);

impl ContentHasher {
    /// Adds a piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces.
    #[must_use]
    pub fn finish(&self) -> ContentHash {
        ContentHash(*self.0.finalize().as_bytes())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({})", self.short())
    }
}

impl FromStr for ContentHash {
    type Err = SnapshotError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || SnapshotError::Hash { found: text.chars().take(70).collect() };
        let plain = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !plain {
            return Err(refuse());
        }
        let mut hash = [0; 32];
        for (index, byte) in hash.iter_mut().enumerate() {
            let pair = text.get(index * 2..index * 2 + 2).ok_or_else(refuse)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| refuse())?;
        }
        Ok(ContentHash(hash))
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> String {
        let mut text = String::with_capacity(64);
        // Writing to a string does not fail.
        let _ = write!(text, "{hash}");
        text
    }
}

impl TryFrom<String> for ContentHash {
    type Error = SnapshotError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Hashes a sequence of texts so that no two sequences run together: each with its length before it.
pub(crate) struct Hasher(blake3::Hasher, Vec<u8>);

/// Bytes gathered before they are hashed: many small pieces cost more than one large one.
const GATHER: usize = 16 * 1024;

impl Hasher {
    /// A hasher for one purpose; the same texts hashed for another purpose give another hash.
    pub(crate) fn new(purpose: &str) -> Self {
        let mut hasher = Hasher(blake3::Hasher::new(), Vec::with_capacity(256));
        hasher.text(purpose);
        hasher
    }

    /// Adds a text.
    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.1.extend_from_slice(text.as_bytes());
        if self.1.len() >= GATHER {
            self.0.update(&self.1);
            self.1.clear();
        }
    }

    /// Adds a number, in as few bytes as it needs: seven bits a byte, the last one below 128.
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.1.push((number as u8) | 0x80);
            number >>= 7;
        }
        self.1.push(number as u8);
    }

    pub(crate) fn finish(mut self) -> ContentHash {
        self.0.update(&self.1);
        ContentHash(*self.0.finalize().as_bytes())
    }
}

/// Sixteen bytes that stand for a number and a few short texts, each hashed with its length before it.
pub(crate) fn digest<'t>(number: i32, texts: impl Iterator<Item = &'t str>) -> [u8; 16] {
    let mut bytes = Vec::with_capacity(128);
    bytes.extend_from_slice(&number.to_le_bytes());
    for text in texts {
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    let mut half = [0; 16];
    half.iter_mut().zip(blake3::hash(&bytes).as_bytes()).for_each(|(to, from)| *to = *from);
    half
}
