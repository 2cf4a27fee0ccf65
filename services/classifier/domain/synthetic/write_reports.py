"""Write the texts that chromatography software exports, in their layouts but with invented numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class WrittenPeak:
    """A peak as a report prints it: times in minutes, area in signal x s."""

    time: float
    area: float
    height: float
    width: float = 0.05
    name: str = ""


Signals = Mapping[str, Sequence[WrittenPeak]]
_REPORT_HEAD = (
    "Data File C:\\CHEM32\\1\\DATA\\SYNTHETIC.D",
    "Sample Name: Synthetic",
    "",
    "=" * 69,
    "Acq. Operator   : AB                             Seq. Line :  10",
    "=" * 69,
    "                         Area Percent Report                         ",
    "=" * 69,
    "",
)
_TABLE_HEAD = (
    "",
    "Peak RetTime Type  Width     Area      Height     Area  ",
    "  #   [min]        [min]   [pA*s]      [pA]         %",
    "----|-------|----|-------|----------|----------|--------|",
)


def chemstation_report_bytes(signals: Signals, *, encoding: str = "utf-16") -> bytes:
    """An Area Percent Report of all signals."""
    lines = list(_REPORT_HEAD)
    for number, (signal, peaks) in enumerate(signals.items(), start=1):
        lines += ["", f"Signal {number}: {signal}", *_TABLE_HEAD]
        area, height = sum(peak.area for peak in peaks), sum(peak.height for peak in peaks)
        for place, p in enumerate(peaks, start=1):
            row = f"{place:4d} {p.time:7.3f} BB   {p.width:7.4f} {p.area:10.5f} {p.height:10.5f}"
            lines.append(f"{row} {100 * p.area / area:8.4f}")
        lines += [f"Totals : {area:27.5f} {height:10.5f}", ""]
    lines += ["=" * 69, "                          *** End of Report ***"]
    return "\r\n".join(lines).encode(encoding)


def result_xml_bytes(signals: Signals, *, sample: str = "Synthetic", encoding: str = "utf-16") -> bytes:
    """A `Result.xml`: what was integrated of every signal, and the peaks with their names."""
    integrated, quantified = "", ""
    for signal, peaks in signals.items():
        name = f"{escape(signal)}, "
        rows = "".join(map(_integration_result, peaks))
        integrated += (
            f"<Signal><Description>{name}</Description><XUnits>min</XUnits><YUnits>pA</YUnits>{rows}</Signal>"
        )
        quantified += f"<ResultsGroup>{''.join(_result_peak(name, peak) for peak in peaks)}</ResultsGroup>"
    head = '<?xml version="1.0" encoding="utf-16"?>' if encoding == "utf-16" else '<?xml version="1.0"?>'
    return (
        f"{head}\n<ChemStationResult><SampleInformation><SampleName>{escape(sample)}</SampleName></SampleInformation>"
        f"<Chromatograms>{integrated}</Chromatograms><Results>{quantified}</Results></ChemStationResult>"
    ).encode(encoding)


def _integration_result(p: WrittenPeak) -> str:
    values = {"RetTime": p.time, "Area": p.area, "Height": p.height, "Width": p.width, "Symmetry": 1.0,
              "TimeStart": p.time - p.width, "TimeEnd": p.time + p.width}  # fmt: skip
    cells = "".join(f"<{name}>{value:.6f}</{name}>" for name, value in values.items())
    return f"<IntegrationResults>{cells}</IntegrationResults>\n"


def _result_peak(signal: str, p: WrittenPeak) -> str:
    return (
        f'<Peak><SignalDesc>{signal}</SignalDesc><MeasRetTime Unit="min">{p.time:.6f}</MeasRetTime>'
        f'<Area Unit="pA*s">{p.area:.6f}</Area><Name>{escape(p.name)}</Name>'
        f'<Amount Unit="%">{p.area / 100:.6f}</Amount></Peak>\n'
    )


def chromeleon_bytes(
    times_min: Sequence[float],
    values: Sequence[float],
    *,
    mark: str = ".",
    declared: int | None = None,
    encoding: str = "utf-8",
) -> bytes:
    """A chromatogram of Chromeleon 7 as text, its numbers with the decimal mark that is given."""
    points = len(times_min) if declared is None else declared
    head = ["File Path\tchrom://synthetic/ED_1.chm", "Channel\tED_1", "", "Injection Information:", "Injection\tSynthetic",
            "Injection Volume (µl)\t25.0", "", "Chromatogram Data Information:", f"Data Points\t{points}", "Signal Unit\tnC", "",
            "Chromatogram Data:", "Time (min)\tStep (s)\tValue (nC)"]  # fmt: skip
    steps = ["n.a.", *("1" for _ in times_min)]
    rows = [
        "\t".join((f"{time:.6f}".replace(".", mark), step, f"{value:.6f}".replace(".", mark)))
        for time, step, value in zip(times_min, steps, values, strict=False)
    ]
    return ("\r\n".join(head + rows) + "\r\n").encode(encoding)


def shimadzu_bytes(
    times_min: Sequence[float],
    values: Sequence[int],
    peaks: Sequence[WrittenPeak] = (),
    *,
    parts: str = "\t",
    mark: str = ".",
    multiplier: str = "0.001",
    chromatogram: bool = True,
) -> bytes:
    """An export of LabSolutions: facts, the table of peaks of one channel, and its chromatogram in the given units."""

    def row(*cells: object) -> str:
        return parts.join(
            f"{cell:.5f}".replace(".", mark) if isinstance(cell, float) else str(cell) for cell in cells
        )

    lines = ["[Header]", row("Application Name", "LabSolutions"), row("Version", "5.82"), "", "[Sample Information]",
             row("Sample Name", "Synthetic"), "", "[Peak Table(Detector A-Ch1)]", row("# of Peaks", len(peaks))]  # fmt: skip
    if peaks:
        lines.append(row("Peak#", "R.Time", "I.Time", "F.Time", "Area", "Height", "Conc.", "Name"))
    lines += [
        row(n, p.time, p.time - p.width, p.time + p.width, p.area, p.height, 0.0, p.name)
        for n, p in enumerate(peaks, start=1)
    ]
    if chromatogram:
        lines += ["", "[LC Chromatogram(Detector A-Ch1)]", row("Interval(msec)", 500), row("# of Points", len(times_min)),
                  row("Start Time(min)", times_min[0]), row("End Time(min)", times_min[-1]), row("Intensity Units", "mV"),
                  row("Intensity Multiplier", multiplier.replace(".", mark)), row("R.Time (min)", "Intensity")]  # fmt: skip
        lines += [row(float(time), value) for time, value in zip(times_min, values, strict=True)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
