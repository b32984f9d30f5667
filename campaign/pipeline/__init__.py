"""The only room that knows the order of the others.

job       everything a worker must know, as plain values
assembly  contact → link → content → message, for one contact
worker    the loop of one process: rows in, mail out, outcomes on record
crew      the processes
run       a whole run, from the contacts file to the results
"""
