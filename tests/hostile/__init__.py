"""Files made to hurt whoever opens them. Made in code, small on disk, harmless while nobody runs what they hold."""
