"""Watching the runs: one alert per cause, said once, closed when the step it came from succeeds again.

Here: the sensors and the list of alerts. Add here: a service level, a channel an alert goes to. Stays out: what a
failure does to data (the rooms decide that) and retrying.
"""
