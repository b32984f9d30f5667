"""What servers say, as regular expressions, searched for in a reply's text without regard to case.

Each names where its phrases are from: `smtpd_check.c` and `postscreen` are Postfix's sources, `proto.m4` Sendmail's,
others the documentation or the replies of the provider named. Every repetition is bounded: the text is a stranger's.
"""

# The recipient's own.
MAILBOX = r"mail ?box|inbox|(?<!system )storage|over.?quota|(?:user|recipient)\b.*(?:receiving|quota|full)"
THEIR_RATE = r"(?:user|recipient|mailbox)\b.*\breceiv"  # Gmail: "The user … is receiving mail too quickly"
BLOCKED = (
    r"\brecipient(?:'s|s)? (?:\S+ ){0,3}(?:ha(?:s|ve) )?(?:block|refus|(?:does|do) not accept|only accept)"
    r"|block\w* by (?:the |this )?(?:recipient|user|addressee|mailbox)"
    r"|(?:user|mailbox) (?:has |is )?(?:blocked|restricted|only accept)"
    r"|RESOLVER\.RST\."  # Exchange: the group or mailbox takes mail from some senders only
)
GREYLIST = r"gr[ea]y.?list"

# How much, and how fast.
A_LIMIT = (
    r"throttl|rate.?limit|(?:rate|limits?|quota) (?:\w+ ){0,3}exceed|exceed\w* (?:\S+ ){0,6}(?:rate|limit|quota)"
    r"|too (?:many|much|fast|quick|frequent|busy)|slow(?:er|ly|.?down)|server (?:is )?busy|over.?load|load .*too high"
)
RATE = (
    r"^(?!.*(?:mail ?box|inbox)).*(?:too (?:fast|quick|frequent|much mail)|too many (?:e-?mails?|mails?|messages)\b"
    r"|throttl|rate.?limit|slow(?:er|.?down)|(?:sending|submission|message|mail) rate\b|per (?:second|minute)\b)"
)
OUR_LIMIT = (
    r"(?:relay|sending|sender|send|submission) (?:\w+ )?(?:rate|limit|quota)|daily .*(?:limit|quota)"
    r"|exceeded the max\w* \S+"
)
DAY = (
    r"SubmissionQuotaExceeded"  # Exchange Online, 554 5.2.0
    r"|daily (?:\S+ ){0,5}(?:limit|quota)|(?:limit|quota) (?:\S+ ){0,4}(?:\(?daily|per day|(?:for )?(?:to|the )day)"
    r"|24.?h(?:ou)?rs? (?:\S+ ){0,2}(?:limit|quota)|(?:messages|e-?mails?|mails|recipients) (?:per|a) day\b"
    r"|(?:reached|exceed\w*) (?:\S+ ){0,3}daily\b|monthly (?:\S+ ){0,4}(?:limit|quota)|exceeded your (?:\S+ ){0,2}quota"
    r"|(?:relay|sending|submission|message|outgoing|outbound) quota|credits? exceeded|(?:out of|insufficient) credits?"
)
SENT_ITEMS = r"(?<!Submission)QuotaExceededEx"  # Exchange Online: the mailbox that we send from is full
HELD_BACK = (
    r"OutboundSpamException"  # Exchange Online: the mailbox is held back for what it has sent
    r"|not authorized to perform\b"  # Amazon: what its user may do
)
HOUR = r"(?:messages|e-?mails?|mails|recipients) (?:\S+ ){0,2}(?:per|an|this) hour\b"  # cPanel
A_QUOTA = r"^(?!.*(?:mail ?box|storage|disk|recipient's|user's)).*quota"  # policyd, at RCPT
ONE_SESSION = (
    r"(?:messages?|mails?|count|transactions?) (?:\S+ ){0,3}(?:per|on|in|over|for|during)"
    r" (?:this |one |a |the |an? smtp |single )?(?:connection|session)"  # SES, IONOS, Stalwart, Exim
    r"|(?<!concurrent )session (?:message )?limit"
)
CONNECTIONS = (
    r"(?:concurrent|simultaneous|parallel) (?:\w+ ){0,2}(?:connection|session)"  # Exchange Online, Exim
    r"|too many (?:\w+ ){0,3}(?:connections|sessions)|connections? limit|concurrency limit"
)

# Our own affair, in so many words.
SENDER = (
    r"sender (?:e-?mail )?(?:address |domain )?(?:is |was |has been )?"  # smtpd_check.c: "Sender address rejected: …"
    r"(?:rejected|refused|denied|not (?:allowed|permitted|authori[sz]ed|verified|owned|accepted))"
    r"|not owned by (?:auth\w* )?user|send.?as.?denied|permissions? to send as|send as this sender"  # Exchange
    r"|not (?:allowed|permitted|authori[sz]ed) to send (?:as|from|on behalf|mail from)|is not allowed to send\b"
    r"|unauthenticated sender|sender verify fail|sender signature|sender you used"  # Exim, Postmark, Brevo
    r"|verified sender|address is not verified|domain (?:\S+ )?(?:(?:is )?not|must be) verified"  # SES, SendGrid
    r"|unconfigured sending domain|bad outbound sender|relaying disallowed as|from/sender name is not valid"  # Zoho
    r"|sender is in my badmailfrom|not authori[sz]ed to send from this header"  # qmail, Fastmail
)
CLIENT = (
    r"client host rejected|client certificate rejected|cannot find your (?:reverse )?hostname"  # smtpd_check.c
    r"|unauthori[sz]ed ip|not authori[sz]ed to send e?.?mail directly|not accepted from this ip"
    r"|reverse dns|ptr record"
)
GREETING = r"(?:helo|ehlo)\b.{0,60}(?:reject|invalid|not (?:resolve|valid|allowed))|invalid (?:helo|ehlo)"
LISTED = r"blocked using"  # smtpd_check.c, postscreen: a DNS block list names our address, or our domain
RELAYING = (
    r"relay(?:ing)? (?:access |mail )?(?:is )?(?:denied|disallowed|prohibited|not (?:permitted|allowed))"  # Postfix
    r"|(?:un)?able to relay|(?:permitted|allowed|authori[sz]ed|configured) to relay|credentials for relay"
    r"|not (?:a|an open) (?:relay|gateway)|insecure mail relay|as a relay\b"
    r"|list of allowed rcpthosts|(?:don't|do not) handle mail for|cannot deliver mail for"  # qmail, Haraka
)
SIGN_IN = (
    r"authenticate (?:yourself )?first|you must (?:first )?(?:authenticate|log ?in|sign ?in)"  # Exim's ACLs
    r"|\bauth(?:entication)? (?:is )?(?:required|needed)|server requires (?:smtp )?authentication"
    r"|without (?:smtp )?authentication|turn on smtp auth|(?:client|user) (?:is |was )?not authenticated"
)
TLS_FIRST = (
    r"must (?:first )?(?:issue|use|send|start) (?:an? |the )?(?:starttls|tls|ssl|encrypt)"  # RFC 3207 section 4
    r"|starttls (?:command )?(?:is )?(?:first|required|needed)|(?:use|try|issue|send) (?:a )?starttls\b"
    r"|(?:session|connection|transport) encryption (?:is )?(?:required|needed)"  # smtpd_check.c
    r"|^(?:\S+ )?(?:tls|ssl|encryption|(?:an )?encrypted connection|(?:a )?secure connection) "
    r"(?:\S+ )?(?:is )?(?:required|needed)|(?:server|we) requires? (?:\S+ ){0,3}(?:starttls|tls|ssl|encrypt)"
)
TLS_NAMED = rf"{TLS_FIRST}|^(?!.*\bauth).*(?:tls\b|\bssl\b|encrypt)"  # of 530, which wants the one or the other
NO_LOGIN = r"rejected: not logged in"  # smtpd_check.c: this sender belongs to somebody who signs in
# What no waiting can change, though it comes with 4xx (Postfix's `unknown_address_reject_code` and the like).
BAD_SENDER = r"sender address rejected: (?:need fully|not owned|not logged)|domain is not verified"  # Resend
BAD_NAME = r"helo command rejected: (?:need fully|invalid name)"

# What may be ours, and may be theirs.
A_SENDER = r"sender (?:\S+ ){0,3}(?:reject|refus|denied|block|not )"
NOT_FOR_US = (
    r"relay|authenticat|not (?:permitted|allowed|authori[sz]ed)|access denied|administrative prohibition"  # Exim
    r"|spam|block|black.?list|reputation"
)
