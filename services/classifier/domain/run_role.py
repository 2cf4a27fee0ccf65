"""What a run was made for, as the laboratory says when it uploads it."""

SAMPLE, REPLICATE, BLANK, CONTROL, STANDARD = "sample", "replicate", "blank", "control", "standard"

#: Runs whose values are an item's; the others say something of the instrument on that day.
OF_THE_ITEM = (SAMPLE, REPLICATE)
