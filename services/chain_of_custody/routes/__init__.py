"""HTTP of custody: one blueprint a subject."""
