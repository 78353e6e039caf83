"""Verdicts: every run of the checks kept, the policies they were judged by, what people answered, reports filed."""
