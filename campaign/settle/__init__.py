"""Mail logs, providers' exports, bounces and complaints: files in, `Evidence` out. It decides nothing."""
