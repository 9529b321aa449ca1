"""Settings, processes and the command line. The only place that names an adapter."""
