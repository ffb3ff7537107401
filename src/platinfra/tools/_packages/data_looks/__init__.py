"""Takes tables that people upload, compares current with reference ones by a schedule, and shows what was found."""
