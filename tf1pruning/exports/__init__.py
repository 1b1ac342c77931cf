"""Models as files that runtimes take."""
