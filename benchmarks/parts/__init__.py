"""What several benchmarks share: data, trainings with their traces, measured answers, a served app, table cells."""
