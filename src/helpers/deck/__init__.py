"""A municipality's released numbers → `praesentation.pptx`, with native charts."""
