"""A writer of small dual-inlet files as Nu Instruments' software makes them."""

import numpy as np


def rows(*means: float, readings: int = 3) -> str:
    """One row a beam: the first number is 0, the others lie around the mean."""
    spread = np.linspace(-0.1, 0.1, readings)
    return "".join(
        "0.000000E+00  " + " ".join(f"{mean * (1 + part):.6E}" for part in spread) + " \r\n" for mean in means
    )


def nu_text(blocks: int = 2, cycles: int = 1) -> str:
    """A file of two beams: reference 1e-9 and 4e-8 A, sample 2e-9 and 5e-8 A, a zero of 1e-12 A."""
    told = '"SYNTHETIC Analysis,    Data File Version 9"\r\n"Num Blocks",' + str(blocks) + "\r\n0\r\n-1\r\n"
    told += '"Sample Name is ","BLANK-1"\r\nZero Data\r\n 1.000000E-12, 1.000000E-12, Measured at start of run\r\n'
    for block in range(blocks):
        told += f"Individual Data\r\nNo_C_O_Cycles   {cycles} \r\nCycle_Length   3 \r\nZero_Measurement_Length   2 \r\n"
        if block == 0:
            told += " Gas          Bla\r\n" + rows(1e-12, 1e-12, readings=2)
        told += "Gas           Ref\r\n" + rows(1e-9, 4e-8)
        for _ in range(cycles):
            told += "Gas           Sam\r\n" + rows(2e-9, 5e-8) + "Gas           Ref\r\n" + rows(1e-9, 4e-8)
        told += " Gas          \r\n" + rows(0.0, 0.0)
    return (
        told + 'End of Analysis\r\n"Gas ID ","CO2"\r\n"Ref Gas Identifier ","TANK"\r\n"End of Data file"\r\n'
    )
