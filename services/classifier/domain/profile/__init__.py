"""From a raw run to a profile: baseline, peaks, areas, identification, ratios. Each step is a pure function of its arguments."""
