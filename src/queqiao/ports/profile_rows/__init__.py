"""What has to be known of a person while they wait: wide rows by key."""
