"""What is concluded of a whole archive is what is concluded of each item."""

import random

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.evaluate import classify
from services.classifier.domain.evaluate_many import StoredProfile, conclude_many
from services.classifier.domain.model import Model
from services.classifier.domain.qc import check_qc

Demo = tuple[Model, tuple[Authentic, ...]]


def test_one_by_one_and_all_at_once_agree(demo: Demo) -> None:
    model, library = demo
    dice = random.Random(11)
    profiles = []
    for authentic in library[:60]:
        values = {name: value * dice.lognormvariate(0, 0.3) for name, value in authentic.values.items()}
        names = sorted(values)
        for name in dice.sample(names, dice.choice([0, 0, 1, len(names) // 2, len(names)])):
            del values[name]
        censored = {a.name for a in model.programme.analytes if a.loq and dice.random() < 0.05}
        for name in censored:
            values.pop(name, None)
        qc: dict[str, object] = {"blank_ratio": dice.choice([0.0, 1e9])} if dice.random() < 0.3 else {}
        profiles.append(StoredProfile(values, frozenset(censored), qc))
    together = conclude_many(model, profiles)
    for profile, found in zip(profiles, together, strict=True):
        alone = classify(model, profile.values, profile.censored, check_qc(model.programme, profile.qc))
        assert found == {each.name: each.conclusion for each in alone}
    assert len({conclusion for found in together for conclusion in found.values()}) > 2
    assert conclude_many(model, []) == []
