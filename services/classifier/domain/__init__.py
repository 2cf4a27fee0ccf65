"""Pure science of the classifier: programmes, readers, profiles, models, links.

Nothing here opens a socket, a database or a web framework; serving needs numpy alone, training also scipy and scikit-learn.
"""
