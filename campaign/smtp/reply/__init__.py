"""The server's replies: bytes to `Reply`, with our secrets and links kept out of them.

parser      bytes to replies, in whatever pieces they arrive
censor      takes out what a server repeats of passwords, tokens and links
decodings   the encodings in which it may repeat them;  fragments  where a text holds parts of a secret
"""
