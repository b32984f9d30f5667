"""What a monitoring system is told of a run: a file in the text format of Prometheus, for node_exporter's textfile
collector.

metrics_file   keeps such a file up to date, whole at any moment
families       the metrics themselves: names, help, values

The library that writes the format (`prometheus_client`) is an extra: `campaign[metrics]`.
"""

from campaign.metrics.metrics_file import MetricsFile

__all__ = ["MetricsFile"]
