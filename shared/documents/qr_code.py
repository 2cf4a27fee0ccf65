"""QR codes as rows of modules, for addresses that a telephone reads from paper."""

import numpy as np
import zxingcpp


def qr_code(text: str) -> list[str]:
    """The modules of a QR code, a row a string of 0 and 1 without quiet zone."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    pixels = np.asarray(symbol.to_image(scale=1, add_quiet_zones=False))
    return ["".join("0" if white else "1" for white in row) for row in pixels]
