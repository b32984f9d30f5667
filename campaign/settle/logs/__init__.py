"""Mail servers' logs: lines in, `Evidence` out. Stories of one message are kept across files."""
