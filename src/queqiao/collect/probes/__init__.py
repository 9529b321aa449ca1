"""System metrics: this machine, our own processes, and whatever speaks Prometheus' format."""
