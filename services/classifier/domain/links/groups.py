"""Groups among profiles by average linkage, which does not chain: one link between two groups does not make them one."""

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.run import Floats


def average_linkage(likeness: Floats, threshold: float) -> NDArray[np.int64]:
    """The group of each of n profiles from their scores (n, n): the two groups most alike on average are joined while above it.

    Groups are numbered in the order of their first members. For the some hundred profiles of a picture; takes n**3 steps.
    """
    count = len(likeness)
    members = [[place] for place in range(count)]
    average = likeness.astype(np.float64, copy=True)
    np.fill_diagonal(average, -np.inf)
    while len(members) > 1:
        best = int(average.argmax())
        one, other = sorted(divmod(best, len(members)))
        if average[one, other] <= threshold:
            break
        sizes = len(members[one]), len(members[other])
        joined = (average[one] * sizes[0] + average[other] * sizes[1]) / sum(sizes)
        average[one], average[:, one] = joined, joined
        average[one, one] = -np.inf
        average = np.delete(np.delete(average, other, axis=0), other, axis=1)
        members[one] += members.pop(other)
    group = np.empty(count, np.int64)
    for number, places in enumerate(sorted(members, key=min)):
        group[places] = number
    return group
