"""One process's share of a run, here or on another machine: due rows → message → claim → SMTP → outcome.

worker         the loop                                job              its orders;  worker_report  what it tells
row_queue      rows that are due, and those put off    turns            whose turn it is, at the rate of the run
block_size     how many are taken at a time            made_ahead       messages made while nothing happens
held_queues    which rows are held back, by: opening_hours, daily_limit, domain_limits; held_rows waits with them
message_factory  contact → link → content → message    message_size     whose fault one is that is too large
dispatcher     gives attempts to the connections, hears what became of each; send_times: whether one may leave now
route          one server with all that is for it alone; server_parts: what depends on whether there are others
ranked_routes  several servers (ranked_route, server_health): who sends, who is out, what goes another way then
event_log, measurements  what is remembered for whoever watches, and for the report's pictures
policy         what a reply means                      outcomes         … and what follows, on record
send_rate      how fast messages may begin             backoff          when something is tried again
session_failures  sessions that were not to be had     circuit_breaker  too many failures in a row: the run stops

It imports nothing of `run`, and takes all that it needs to know as plain values.
"""
