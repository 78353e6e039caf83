"""The centre's plan: classes, retention, numbers, completeness, ends, source labels and regions, as versioned data."""
