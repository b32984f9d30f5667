"""A mailbox of bounces and complaints, read over IMAP."""
