"""From the reference library to a validated model. scikit-learn is imported inside functions only: serving never loads it."""
