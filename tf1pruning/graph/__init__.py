"""Reading and editing GraphDefs: no sessions, no default graph."""
