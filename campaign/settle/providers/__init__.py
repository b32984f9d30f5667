"""What large providers tell of the messages that they took: event files and exports in, `Evidence` out."""
