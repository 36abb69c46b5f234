"""Slides for each part of the book, made from its chapters: `make slides`."""
