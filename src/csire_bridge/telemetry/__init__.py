"""What the bridge tells about itself while it runs: logs, metrics, traces."""
