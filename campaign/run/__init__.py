"""The only room that knows the order of the others.

plan        from settings to what a run needs        beforehand  what is decided before the ledger is opened
reading     the contacts file into the ledger        enrolment   … unless it is there; reader: … by a process
resend      which rows go again                      rehearsal   everybody's message made, and none sent
job         what a worker must know                  factory    contact → link → content → message
worker      the loop of one process                  rows, dispatcher, sessions, trouble: its rows, its mail, its failures
outcomes    verdicts, carried out                    evidence    … and judged once more where nobody got through
workers        the processes                            run         a whole run, to the results
watching    what a run tells, and whom               report      the figures of the report page
"""
