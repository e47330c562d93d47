"""What a process says about itself: logs, metrics, and the thread that ties what belongs together."""
