"""What platforms have, whoever uses them: regions, zones, machine types. Data, read on demand."""
