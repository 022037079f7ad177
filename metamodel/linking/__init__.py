"""Links apps into one metamodel: order, names, extensions, translations, relations, and what the author left out."""
