"""Figures as SVG text: the same picture on a page and, through typst, on paper. Attributes alone, no styles, no scripts."""
