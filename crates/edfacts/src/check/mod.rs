//! Checking a federal file before the Department sees it.

use crate::{Catalogue, Layout};

/// The codes that a column of the layout permits for a category.
pub(crate) fn codes_of<'c>(catalogue: &'c Catalogue, layout: &Layout, category: &str) -> Vec<&'c str> {
    catalogue.codes(layout.file, layout.level, category, layout.year)
}
