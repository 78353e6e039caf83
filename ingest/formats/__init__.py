"""What files are: identification by content, containers opened as hostile, HTML made safe to show."""
