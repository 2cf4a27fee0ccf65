"""Tables of spectra and of the uploads that bring them."""
