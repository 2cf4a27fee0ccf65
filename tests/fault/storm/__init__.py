"""A storm: many people work while the processes that keep their records are killed at random.

`people` acts and writes down what was answered, `killer` kills, `reckoning` holds the records against what was answered,
`report` writes it down. `python -m tests.fault.storm` runs all of it; a short form is a test.
"""
