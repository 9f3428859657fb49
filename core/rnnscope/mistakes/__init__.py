"""Porting mistakes, each a small declared change of a run; `catalogue` has them all."""
