"""Pictures as SVG, drawn on the server from plain numbers: the same numbers give the same picture, with and without scripts."""
