"""DKIM signatures (RFC 6376, RFC 8463): a private key and a message in, header fields out."""
