"""Server logs: files followed through rotation, their lines delivered once."""
