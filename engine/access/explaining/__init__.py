"""Why somebody may or may not do something: asked of the door and the compiled rights that decide, told with places."""
