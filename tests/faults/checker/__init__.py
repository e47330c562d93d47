"""An independent eye on a fleet that was ill-treated: it shares no code with what it judges.

What there is it reads as anybody could: the databases by SQL, the topics by a Kafka client, the simulators'
journals by SQLite, the history that the client wrote down for itself, and what its listeners heard. `check`
is a pure function of that evidence.
"""
