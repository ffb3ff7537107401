"""The desk of scheduled reports: takes data for the next one, and shows what the last one found."""

from pathlib import Path

from data_looks.desk import serve

if __name__ == "__main__":
    serve("evidently", Path(__file__).with_name("monitor.py"), ["--project=evidently-trials"])
