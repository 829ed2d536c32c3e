"""What a digest shows, section by section: facts in, words and amounts for people out."""
