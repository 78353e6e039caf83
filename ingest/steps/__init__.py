"""The steps of the pipeline, one module each: a step reads, decides, says what to write, and never commits."""
