"""A session in browsers: the server and its page."""
