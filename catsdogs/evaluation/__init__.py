"""Labels and P(dog) → metrics; two runs → a paired comparison."""
