"""Records (件): one document with its components, its versions that never change, and where everything came from."""
