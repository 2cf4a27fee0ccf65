"""DataMatrix symbols as rows of modules, for labels and documents; every symbol is drawn, none is a picture."""

import numpy as np
import zxingcpp

#: One module of a symbol: 0.625 mm are five whole dots of a 203 dpi label printer (8 dots a millimetre), so that PDF and ZPL
#: print the same symbol and no module is rounded.
MODULE_MM = 0.625


def data_matrix(text: str) -> list[str]:
    """The modules of an ECC 200 symbol, a row a string of 0 and 1 without quiet zone."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    pixels = np.asarray(symbol.to_image(scale=1, add_quiet_zones=False))
    return ["".join("0" if white else "1" for white in row) for row in pixels]
