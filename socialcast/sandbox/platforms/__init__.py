"""One mirror per platform, each written from the platform's documentation alone."""
