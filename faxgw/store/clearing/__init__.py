"""What providers and banks reported, which order each payment was found to be for, and what people decided."""
