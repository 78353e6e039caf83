"""What goes in and out of the API, and what the query strings of pages mean."""
